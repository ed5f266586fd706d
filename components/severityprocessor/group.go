// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// group walks over a group in square brackets or parentheses. A level that is alone in square brackets counts
// in any case.
func (h *header) group() (level, bool) {
	s, open := h.line, h.at
	closing := byte(']')
	if s[open] == '(' {
		closing = ')'
	}
	n := strings.IndexByte(s[open:], closing)
	if n < 0 {
		return none, false
	}
	end := open + n
	if closing == ']' {
		if l := h.inside(s[open+1 : end]); l != none {
			return l, false
		}
	}
	if closing == ']' || h.last != lineStart {
		h.framed = true
	}
	h.pass(bracketed, end+1)
	return none, true
}

// inside reads the content of square brackets: a level, a module and a level (core:error), a level in front of
// more of the header (I 10:00:00, INFO|main.c), or a time and perhaps a level behind it.
func (h *header) inside(s string) level {
	s = trim(s)
	if s == "" {
		return none
	}
	if isDigit(s[0]) {
		return h.timeInside(s)
	}
	end := 0
	for end < len(s) && (isWordByte(s[end]) || s[end] == '_') {
		end++
	}
	text := s[:end]
	if end == len(s) {
		if end == 1 && h.timed {
			return levelOfLetter(s[0])
		}
		if w := lookup(text); w.places&asBox != 0 {
			return w.level
		}
		return none
	}
	switch s[end] {
	case ':':
		if w := lookup(s[end+1:]); w.places&asBox != 0 && end > 0 {
			return w.level
		}
	case '/':
		return h.behindThread(s)
	case '|':
		if w := lookup(text); w.places&asHeader != 0 && isLoud(text) {
			return w.level
		}
	case ' ':
		next := skipBlanks(s, end)
		digit := next < len(s) && isDigit(s[next])
		if end == 1 && digit {
			_, isTime := scanNumber(s, next)
			if isTime || next+6 < len(s) && s[next+6] == ' ' {
				h.timed = true
				return levelOfLetter(s[0])
			}
			return none
		}
		if w := lookup(text); w.places&asHeader != 0 && isLoud(text) && (digit || next > end+1) {
			return w.level
		}
		if isMonth(text) && digit || isWeekday(text) {
			h.timed = true
			return none
		}
		return h.behindThread(s)
	}
	return none
}

// behindThread returns the level behind the name of a thread, as Minecraft writes it: [Server thread/INFO].
func (h *header) behindThread(s string) level {
	text := s[strings.LastIndexByte(s, '/')+1:]
	if w := lookup(text); h.timed && len(text) < len(s) && w.places&asHeader != 0 && isLoud(text) {
		return w.level
	}
	return none
}

// timeInside reads the content of square brackets that begins with a digit. A level counts behind a time.
func (h *header) timeInside(s string) level {
	timed := false
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case isDigit(c):
			end, isTime := scanNumber(s, i)
			timed = timed || isTime
			i = end
		case isBlank(c) || c == ',' || c == ':' || c == '+' || c == '-' || c == '|':
			i++
		case c == escape:
			next := skipColours(s, i)
			if next == i {
				return none
			}
			i = next
		default:
			h.timed = h.timed || timed
			end := i
			for end < len(s) && isWordByte(s[end]) {
				end++
			}
			whole := end == len(s) || s[end] == ' ' || s[end] == '/' || s[end] == escape
			if w := lookup(s[i:end]); timed && whole && w.places&asHeader != 0 && isLoud(s[i:end]) {
				return w.level
			}
			return none
		}
	}
	h.timed = h.timed || timed
	return none
}

// trim takes blanks and colours off both ends.
func trim(s string) string {
	for s != "" {
		if isBlank(s[0]) {
			s = s[1:]
		} else if n := skipColours(s, 0); n > 0 {
			s = s[n:]
		} else {
			break
		}
	}
	for s != "" {
		if n := len(s) - 1; isBlank(s[n]) {
			s = s[:n]
		} else if n := strings.LastIndexByte(s, escape); n >= 0 && skipColours(s, n) == len(s) {
			s = s[:n]
		} else {
			break
		}
	}
	return s
}

// brace reads a JSON object behind a header, or walks over a group in braces.
func (h *header) brace() (level, bool) {
	s := h.line
	if next := skipSpace(s, h.at+1); next < len(s) && s[next] == '"' {
		return detectObject(s[h.at:]), false
	}
	n := strings.IndexByte(s[h.at:], '}')
	if n < 0 || h.last == lineStart {
		return none, false
	}
	h.pass(bracketed, h.at+n+1)
	return none, true
}

// angle reads what stands in angle brackets: the priority of a syslog line, a level, or a time. A blank has to
// follow a level, and none a priority, so that neither markup nor a heart is one.
func (h *header) angle() (level, bool) {
	s := h.line
	n := strings.IndexByte(s[h.at:], '>')
	if n < 2 {
		return none, false
	}
	text, next := s[h.at+1:h.at+n], h.at+n+1
	if h.at == 0 && isDigit(text[0]) {
		if priority, ok := smallNumber(text); ok && priority < 192 && !isEnd(s, next) {
			return syslogLevels[priority&7], false
		}
		return none, false
	}
	if next < len(s) && isBlank(s[next]) && (h.last != lineStart || !h.indented) {
		if w := lookup(trim(text)); w.places&asBox != 0 {
			return w.level, false
		}
	}
	if h.last == lineStart {
		if len(text) < 4 || !isMonth(text[:3]) || text[3] != ' ' {
			return none, false
		}
		h.timed, h.framed = true, true
	}
	h.pass(bracketed, next)
	return none, true
}

// isProcess reports whether a group of digits in square brackets stands in front of at.
func (h *header) isProcess() bool {
	i := h.at - 2
	return i > 0 && h.line[i] == ']' && h.line[i+1] == ' ' && isDigit(h.line[i-1])
}
