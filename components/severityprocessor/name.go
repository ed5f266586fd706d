// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// How many names and labels a header may have: a host, a program, a logger, a thread.
const (
	mostNames  = 3
	mostLabels = 3
)

// name walks over a token that is no level: a key with its value, a label, the name of a host, a logger or a
// thread. It ends the header where the token may as well be the first word of a sentence.
func (h *header) name(start int) (level, bool) {
	s := h.line
	end := scanName(s, start)
	if end == len(s) {
		return none, false
	}
	if h.last == lineStart || h.last == bracketed {
		if l := toolLevel(s, start, end); l != none {
			return l, false
		}
	}
	switch c := s[end]; c {
	case '=':
		return detectPairs(s, start), false
	case ':':
		if l := monologLevel(s[start:end]); l != none {
			return l, false
		}
		return none, h.label(end + 1)
	case '[':
		next := groupEnd(s, end, ']')
		if next < 0 {
			return none, false
		}
		if next < len(s) && s[next] == ':' {
			return none, h.label(next + 1)
		}
		return none, h.plainName(start, end, next)
	case '(', '|', ' ', '\t', escape:
		return none, h.plainName(start, end, end)
	}
	return none, false
}

// label walks over a name with a colon, which ends in front of next. Without a time it may be the first word of
// a sentence, so that a bare word behind it is no level.
func (h *header) label(next int) bool {
	h.labels++
	if !isEnd(h.line, next) || h.labels > mostLabels {
		return false
	}
	if !h.timed {
		h.framed = false
	}
	h.pass(aLabel, next)
	return true
}

// plainName walks over a name without a colon. The name is s[start:end], what belongs to it ends at next.
func (h *header) plainName(start, end, next int) bool {
	s := h.line
	behind := skipBlanks(s, next)
	h.names++
	if behind < len(s) && s[behind] == '|' && h.last == lineStart && !h.indented && h.names == 1 {
		// The name of a container that something wrote in front of its lines.
		h.at = skipBlanks(s, behind+1)
		return true
	}
	if !h.timed || h.names > mostNames {
		return false
	}
	wide := behind-next >= 2 || next < len(s) && s[next] == '\t'
	column := behind < len(s) && (s[behind] == '|' || behind > next && startsWith(s, behind, "- "))
	switch {
	case wide, column:
	case h.last == aTime && h.isHost(behind):
		h.at = behind
		return true
	case next == end && isWord(s[start:end]) && !startsWith(s, end, "("):
		return false
	case h.last == aName:
		return false
	}
	h.pass(aName, next)
	if next > end {
		h.last = bracketed
	}
	return true
}

// isHost reports whether the token at i is the label of a program, as behind the host in a line of syslog.
func (h *header) isHost(i int) bool {
	s := h.line
	end := scanName(s, i)
	if end >= len(s) || end == i {
		return false
	}
	if s[end] == '[' {
		next := groupEnd(s, end, ']')
		return next > 0 && next < len(s) && s[next] == ':'
	}
	return s[end] == ':' && h.calendar && lookup(s[i:end]).level == none
}

// scanName returns the end of the name that begins at i. A colon belongs to it within a path or an address, and
// ends it in front of a blank.
func scanName(s string, i int) int {
	for i < len(s) && isNameByte(s[i]) {
		if s[i] == ':' && isEnd(s, i+1) {
			break
		}
		i++
	}
	return i
}

// isNameByte reports whether a byte can stand within a name.
func isNameByte(c byte) bool {
	if isWordByte(c) {
		return true
	}
	switch c {
	case '_', '-', '.', '/', ':', '@', '$', '~', '#', '+', '&', '%', '*', '!', '?', '\\':
		return true
	}
	return c >= 0x80
}

// isWord reports whether a name has only letters, as the words of a sentence have.
func isWord(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return true
}

// groupEnd returns the place behind the bracket that closes the one at open, or -1.
func groupEnd(s string, open int, closing byte) int {
	n := strings.IndexByte(s[open:], closing)
	if n < 0 {
		return -1
	}
	return open + n + 1
}

func startsWith(s string, i int, prefix string) bool {
	return strings.HasPrefix(s[i:], prefix)
}
