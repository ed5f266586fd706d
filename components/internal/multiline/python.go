// SPDX-License-Identifier: Apache-2.0

package multiline

import "bytes"

const (
	pythonTraceback      = "Traceback (most recent call last):"
	pythonGroupTraceback = "  + Exception Group Traceback (most recent call last):"
)

// nextPython reads
//
//	Traceback (most recent call last):
//	  File "/app/stock.py", line 41, in take
//	    self.left -= count
//	    ^^^^^^^^^^^^^^^^^^
//	TypeError: unsupported operand
//
//	During handling of the above exception, another exception occurred:
//
//	Traceback (most recent call last):
//
// and groups of exceptions, which are in boxes. Ruby once began its traces in the same
// way.
func nextPython(s state, line []byte) (state, Verdict) {
	switch s {
	case pythonHead:
		if rubyOldFrom(line) {
			return rubyOld, Yes
		}
		if pythonFile(line) || has(line, "  [Previous line ") {
			return pythonFrames, Yes
		}
		if pythonException(line) {
			return pythonEnd, Yes
		}
	case pythonFrames:
		// The source has four blanks, at least.
		if pythonFile(line) || has(line, "    ") && len(bytes.TrimSpace(line)) > 0 || has(line, "  [Previous line ") {
			return pythonFrames, Yes
		}
		if pythonException(line) {
			return pythonEnd, Yes
		}
	case pythonEnd:
		if len(line) == 0 {
			return pythonGap, Doubt
		}
	case pythonGap:
		if string(line) == "During handling of the above exception, another exception occurred:" ||
			string(line) == "The above exception was the direct cause of the following exception:" {
			return pythonChain, Yes
		}
	case pythonChain:
		switch {
		case len(line) == 0:
			return pythonChain, Yes
		case has(line, pythonTraceback):
			return pythonHead, Yes
		case has(line, pythonGroupTraceback):
			return pythonGroup, Yes
		case pythonFile(line):
			return pythonFrames, Yes
		}
	case pythonGroup:
		rest, blanks := indented(line)
		if blanks >= 2 && (has(rest, "| ") || string(rest) == "|" || has(rest, "+-")) {
			return pythonGroup, Yes
		}
		if len(line) == 0 {
			return pythonGap, Doubt
		}
	}
	return ended, No
}

// pythonFile reports whether a line names the place of a frame.
func pythonFile(line []byte) bool { return has(line, "  File \"") && contains(line, "\", line ") }

// pythonException reports whether a line is the name of an exception, with or without
// what it says.
func pythonException(line []byte) bool {
	n := 0
	for n < len(line) && (isLetter(line[n]) || n > 0 && (isDigit(line[n]) || line[n] == '.') || line[n] >= 0x80) {
		n++
	}
	return n > 0 && (n == len(line) || line[n] == ':')
}
