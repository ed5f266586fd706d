// SPDX-License-Identifier: Apache-2.0

package multiline

import "bytes"

// nextFrame reads traces whose frames begin with `at`: those of Java and what runs on its
// machine, of .NET and of Node.js.
//
//	java.lang.IllegalStateException: no stock        System.Exception: no stock
//		at shop.Stock.take(Stock.java:41)                ---> System.IO.IOException: closed
//		... 12 more                                      at Shop.Stock.Take() in /src/Stock.cs:line 41
//	Caused by: java.io.IOException: closed              --- End of inner exception stack trace ---
//
//	/app/stock.js:41                                 Error: no stock
//	    throw new Error('no stock');                     at take (/app/stock.js:41:11) {
//	    ^                                              [cause]: Error: closed
//	                                                       at read (/app/file.js:3:5)
//	Error: no stock                                  }
//	    at take (/app/stock.js:41:11)
//
//	Node.js v22.1.0
func nextFrame(s state, line []byte) (state, Verdict) {
	switch s {
	case nodePlace:
		if len(line) > 0 && begins(line) == ended {
			return nodeSource, Doubt
		}
	case nodeSource:
		if isCaret(line) {
			return nodeCaret, Yes
		}
	case nodeCaret:
		if len(line) == 0 {
			return nodeBlank, Yes
		}
		return frames, Yes // What was thrown.
	case nodeBlank:
		if len(line) > 0 {
			return frames, Yes
		}
	case properties:
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			return properties, Yes
		}
		if string(line) == "}" {
			return frames, Yes
		}
	case framesGap:
		if has(line, "Node.js v") {
			return ended, Yes
		}
	case requireStack:
		if has(line, "- ") {
			return requireStack, Yes
		}
		fallthrough
	case frames:
		if len(line) == 0 {
			return framesGap, Doubt
		}
		if next := frameOf(line); next != ended {
			return next, Yes
		}
		if has(line, "Caused by: ") || has(line, "Wrapped by: ") || has(line, "--- End of ") || has(line, "(Use `node --trace-") {
			return frames, Yes
		}
		if string(line) == "Require stack:" {
			return requireStack, Yes
		}
	}
	return ended, No
}

// frameOf returns the state behind an indented line of a trace, ended if it is none.
func frameOf(line []byte) state {
	rest, blanks := indented(line)
	if blanks == 0 || len(rest) < 4 {
		return ended
	}
	switch {
	case has(rest, "at "):
		rest = rest[len("at "):]
		if ends(rest, " {") {
			if isFrame(rest[:len(rest)-2]) {
				return properties
			}
			return ended
		}
		if isFrame(rest) {
			return frames
		}
	case has(rest, "Caused by: "), has(rest, "Suppressed: "), has(rest, "[CIRCULAR REFERENCE"),
		has(rest, "---> "), has(rest, "--- End of "):
		return frames
	case has(rest, "... "):
		if rest, ok := number(rest[len("... "):]); ok && (has(rest, " more") || has(rest, " common frames omitted") || has(rest, " lines matching")) {
			return frames
		}
	}
	return ended
}

// isFrame reports whether what is behind `at ` is a place in a program. Prose is not.
func isFrame(text []byte) bool {
	if place(text) {
		return true // Node.js, without a function.
	}
	if rest, ok := beforeNumber(text); ok && ends(rest, ":line ") {
		return true // .NET, with a file.
	}
	open := bytes.IndexByte(text, '(')
	if open <= 0 {
		return string(text) == "<anonymous>"
	}
	if text[open-1] == ' ' {
		return inNode(text)
	}
	// A method: no blank in its name, a dot in it, and nothing behind the parentheses but
	// the archive that it is from.
	name, closed := text[:open], bytes.LastIndexByte(text, ')')
	if closed < open || bytes.IndexByte(name, ' ') >= 0 {
		return false
	}
	if bytes.IndexByte(name, '.') < 0 && !has(name, "lambda_method") {
		return false
	}
	behind := text[closed+1:]
	return len(behind) == 0 || has(behind, " ~[") || has(behind, " [")
}

// inNode reports whether a text ends with the place of a function of Node.js.
func inNode(text []byte) bool {
	open := bytes.LastIndexByte(text, '(')
	if text[len(text)-1] != ')' {
		return false
	}
	in := text[open+1 : len(text)-1]
	if string(in) == "<anonymous>" || string(in) == "native" || place(in) {
		return true
	}
	before, ok := beforeNumber(in)
	return ok && string(before) == "index "
}

// nodePlaceOf reports whether a line is where an error was thrown that nobody has caught.
func nodePlaceOf(line []byte) bool {
	rest, ok := beforeNumber(line)
	if !ok || len(rest) < 2 || rest[len(rest)-1] != ':' {
		return false
	}
	file := rest[:len(rest)-1]
	if has(file, "node:") {
		return true
	}
	if line[0] != '/' && !has(line, "file://") {
		return false
	}
	return ends(file, "js") || ends(file, "ts") || ends(file, "jsx") || ends(file, "tsx") || ends(file, "[eval]")
}

// javaClass reports whether a line is the name of a class in a package, with or without
// what it says.
func javaClass(line []byte) bool {
	n, dots := 0, 0
	for n < len(line) && (isLetter(line[n]) || isDigit(line[n]) || line[n] == '.' || line[n] == '$') {
		if line[n] == '.' || line[n] == '$' {
			dots++
		}
		n++
	}
	return n > 0 && isLetter(line[0]) && dots > 0 && (n == len(line) || has(line[n:], ": "))
}
