// SPDX-License-Identifier: Apache-2.0

package multiline

import "bytes"

// nextRuby reads
//
//	stock.rb:41:in 'Stock#take': undefined method 'left' for nil (NoMethodError)
//
//	    @shelf.left
//	          ^^^^^
//		from stock.rb:50:in '<main>'
//
// and the order of old versions, the error last.
func nextRuby(s state, line []byte) (state, Verdict) {
	switch s {
	case rubyHead, rubyEnd:
		// The source with its mark, or a proposal, follow a blank line.
		if rest, blanks := indented(line); blanks >= 2 && len(rest) > 0 && !rubyFrom(line) {
			return rubySource, Yes
		}
		if has(line, "Did you mean?") {
			return rubySource, Yes
		}
		if len(line) == 0 && s == rubyEnd {
			return rubyHead, Doubt
		}
		return rubyStack(line)
	case rubySource:
		if isCaret(line) || has(line, "Did you mean?") {
			return rubySource, Yes
		}
		if len(line) == 0 {
			return rubyGap, Doubt
		}
		return rubyStack(line)
	case rubyGap:
		if has(line, "Did you mean?") {
			return rubySource, Yes
		}
		return rubyStack(line)
	case rubyFrames:
		if rubyMessage(line) {
			return rubyFrames, Yes // What was the cause.
		}
		if len(line) == 0 {
			return rubyHead, Doubt
		}
		return rubyStack(line)
	case rubyOld:
		if rubyOldFrom(line) {
			return rubyOld, Yes
		}
		if rubyMessage(line) {
			return rubyEnd, Yes // In this order, the error that it was the cause of is next.
		}
	}
	return ended, No
}

func rubyStack(line []byte) (state, Verdict) {
	if rubyFrom(line) {
		return rubyFrames, Yes
	}
	if rubyOldFrom(line) {
		return rubyOld, Yes
	}
	return ended, No
}

// rubyMessage reports whether a line says where an error was raised, and its class.
func rubyMessage(line []byte) bool {
	in := bytes.Index(line, []byte(":in "))
	if in <= 0 || len(line) < in+6 || line[in+4] != '\'' && line[in+4] != '`' || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	_, ok := beforeNumber(line[:in])
	return ok && contains(line[in:], "': ")
}

// rubyFrom reports whether a line is a frame: `	from stock.rb:50:in '<main>'`.
func rubyFrom(line []byte) bool {
	rest, blanks := indented(line)
	if blanks == 0 {
		return false
	}
	if has(rest, "... ") {
		return ends(rest, " levels...")
	}
	return has(rest, "from ") && rubyPlace(rest)
}

// rubyOldFrom reports whether a line is a frame of old versions, which counts them down.
func rubyOldFrom(line []byte) bool {
	rest, blanks := indented(line)
	if blanks == 0 || line[0] != '\t' {
		return false
	}
	if has(rest, "... ") {
		return ends(rest, " levels...")
	}
	rest, ok := number(rest)
	return ok && has(rest, ": from ") && rubyPlace(rest)
}

func rubyPlace(line []byte) bool {
	if in := bytes.Index(line, []byte(":in ")); in > 0 {
		line = line[:in]
	}
	_, ok := beforeNumber(line)
	return ok
}
