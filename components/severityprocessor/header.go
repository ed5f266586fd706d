// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// part is a kind of thing that a line's header is made of.
type part uint8

const (
	lineStart part = iota // nothing yet
	aTime                 // a time or a date
	aNumber               // a process, a thread, a counter
	bracketed             // anything within brackets
	aLabel                // a name with a colon, as of a program
	aName                 // any other name
	aBar                  // a separator: | - : ,
)

// header walks over the front of a text line: times, numbers, bracketed groups, names of programs and loggers,
// and what separates them. A level counts only while all in front of it can be such a header; the first word
// of a sentence ends the walk.
type header struct {
	line string
	at   int

	// last is what stands in front of at.
	last part
	// timed: a time was seen. framed: a time or a group was seen, and nothing doubtful behind it.
	timed, framed bool
	// indented: the line begins with blanks. field: a bar or a tab stands directly in front of at.
	indented, field bool
	// numbers counts those behind the time, labels and names the parts of these kinds.
	numbers, labels, names int
	// calendar: the month is a word, as in the time of classic syslog. noon: AM or PM. redis: the line begins
	// with the mark of a Redis process.
	calendar, noon, redis bool
}

// detectText returns the level that a line states.
func detectText(s string) level {
	h := header{line: s}
	h.at = skipBlanks(s, 0)
	h.indented = h.at > 0
	for h.at < len(s) {
		l, more := h.step()
		if l != none {
			return l
		}
		if !more {
			break
		}
	}
	if h.noon {
		return secondLine(s)
	}
	return none
}

// step walks over one part. It returns a level when the part states one, and false when the header is over.
func (h *header) step() (level, bool) {
	c := h.line[h.at]
	switch {
	case isBlank(c):
		h.field = h.field || c == '\t'
		h.at++
		return none, true
	case isLetter(c):
		return h.word()
	case isDigit(c):
		h.number()
		return none, true
	}
	if h.redis {
		return redisMark(h.line[h.at:]), false
	}
	switch c {
	case '[', '(':
		return h.group()
	case '{':
		return h.brace()
	case '<':
		return h.angle()
	case '|', '-', ':', ',', '+':
		return none, h.bar(c)
	case '_', '/', '.':
		return h.name(h.at)
	case '=':
		if h.last == lineStart {
			return erlangReport(h.line[h.at:]), false
		}
	case escape:
		next := skipColours(h.line, h.at)
		more := next > h.at
		h.at = next
		return none, more
	}
	return none, false
}

// bar walks over a separator, or over the sign of a number.
func (h *header) bar(c byte) bool {
	s, next := h.line, h.at+1
	if (c == '-' || c == '+') && next < len(s) && isDigit(s[next]) {
		zone := h.last == aTime
		h.at = next
		h.number()
		if zone {
			h.last = aTime
		}
		return true
	}
	// A list or a table begins so, and no header.
	if h.last == lineStart || c == '+' {
		return false
	}
	h.pass(aBar, next)
	h.field = c == '|' || c == '-'
	return true
}

// number walks over a token that begins with a digit: a time, a date, a number, an address.
func (h *header) number() {
	end, isTime := scanNumber(h.line, h.at)
	switch {
	case isTime:
		h.timed, h.framed = true, true
		h.pass(aTime, end)
		return
	case h.timed:
		h.numbers++
	default:
		// "5 ERROR messages" counts things.
		h.framed = false
		if isRedis(h.line, end) {
			h.redis = true
			end += len(":M")
		}
	}
	h.pass(aNumber, end)
}

// pass ends a part.
func (h *header) pass(kind part, next int) {
	h.last = kind
	h.at = next
	h.field = false
}
