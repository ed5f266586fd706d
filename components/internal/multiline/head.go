// SPDX-License-Identifier: Apache-2.0

package multiline

// specialBytes are the first bytes of what begins or goes on with a trace. A blank line
// has none.
const specialBytes = "\r \t/fnTtpgruSCR["

// begins returns the state behind a line that says by itself that a trace begins.
func begins(line []byte) state {
	if len(line) == 0 {
		return ended
	}
	switch line[0] {
	case '/', 'f', 'n':
		if nodePlaceOf(line) {
			return nodePlace
		}
	case 'T':
		if has(line, pythonTraceback) {
			return pythonHead
		}
	case ' ':
		if pythonFile(line) {
			return pythonFrames // A script that cannot be compiled.
		}
		if has(line, pythonGroupTraceback) {
			return pythonGroup
		}
		return ended
	case 't':
		return rustPanic(line)
	}
	return goBegins(line)
}

// language is a set of what may go on with a line.
type language uint8

const (
	ofError language = 1 << iota
	ofPanic
	ofPython
	ofRuby
	ofPHP
)

// mayBegin returns what may go on with a line. It is asked of a line that is the last one
// for now, or in front of a line that has the form of a frame.
func mayBegin(line []byte) (of language) {
	line = line[:min(len(line), maxLook)]
	if len(line) == 0 {
		return 0
	}
	for _, word := range []string{"rror", "xception", "hrowable", "Failure", "Fault", "arning"} {
		if contains(line, word) {
			of |= ofError | ofPHP
			break
		}
	}
	if has(line, "Trace") || javaClass(line) {
		of |= ofError // console.trace of Node.js, or an error with a name of its own.
	}
	if contains(line, "panic") {
		of |= ofPanic
	}
	if contains(line, "Traceback (most recent call") { // No longer, so that nothing is allocated.
		of |= ofPython
	}
	if rubyMessage(line) {
		of |= ofRuby
	}
	return of
}

// goesOn returns the languages in which a line may be the second one of a trace, and the
// state behind it.
func goesOn(line []byte) (of language, next state) {
	if len(line) == 0 {
		return ofRuby, rubyHead
	}
	switch line[0] {
	case ' ', '\t':
		return goesOnIndented(line)
	case 'g':
		if goroutine(line) {
			return ofPanic, goFunctions
		}
	case 'C':
		if has(line, "Caused by: ") {
			return ofError, frames
		}
	case 'R':
		if string(line) == "Require stack:" {
			return ofError, requireStack
		}
	case 'S':
		if string(line) == "Stack trace:" {
			return ofPHP, phpFrames
		}
	case '[':
		if string(line) == "[stacktrace]" {
			return ofPHP, phpFrames
		}
	}
	return 0, ended
}

// goesOnIndented is goesOn for a line that begins with a blank. Most of them are part of
// something else, and their first letter shows it.
func goesOnIndented(line []byte) (of language, next state) {
	rest, _ := indented(line)
	if len(rest) == 0 {
		return 0, ended
	}
	switch rest[0] {
	case 'F':
		if pythonFile(line) {
			return ofPython, pythonFrames
		}
	case 'f':
		if rubyFrom(line) {
			return ofRuby, rubyFrames
		}
	case 'a', 'C', 'S', '[', '-', '.':
		if next := frameOf(line); next != ended {
			return ofError, next
		}
		if rubyFrom(line) {
			return ofRuby, rubyFrames
		}
	}
	return 0, ended
}
