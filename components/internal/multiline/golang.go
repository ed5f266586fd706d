// SPDX-License-Identifier: Apache-2.0

package multiline

import "bytes"

// goBegins returns the state behind the first line of a crash of a Go program.
func goBegins(line []byte) state {
	switch line[0] {
	case 'p':
		if has(line, "panic: ") {
			return goHead
		}
	case 'f':
		if has(line, "fatal error: ") {
			return goHead
		}
	case 'r':
		if has(line, "runtime: ") {
			return goHead
		}
	case 'u':
		if has(line, "unexpected fault address ") {
			return goHead
		}
	case 'S':
		if goSignal(line) {
			return goHead
		}
	case 'g':
		if goroutine(line) {
			return goFunctions
		}
	}
	return ended
}

// goSignal reports whether a line names a signal that ends the program: `SIGQUIT: quit`.
func goSignal(line []byte) bool {
	if !has(line, "SIG") {
		return false
	}
	n := 0
	for n < len(line) && 'A' <= line[n] && line[n] <= 'Z' {
		n++
	}
	return has(line[n:], ": ")
}

// nextGo reads
//
//	panic: no stock [recovered]
//		panic: again
//	[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f3a2]
//
//	goroutine 1 [running]:
//	main.take(...)
//		/app/stock.go:41 +0x1d
//	exit status 2
func nextGo(s state, line []byte) (state, Verdict) {
	switch s {
	case goHead:
		if len(line) == 0 {
			return goHeadGap, Doubt
		}
		// What has several lines is indented by the runtime.
		if line[0] == '\t' || has(line, "[signal ") || has(line, "PC=0x") || has(line, "signal arrived during ") ||
			goBegins(line) == goHead && !has(line, "panic: ") {
			return goHead, Yes
		}
		return goStack(line)
	case goHeadGap, goGap:
		if next, verdict := goStack(line); verdict == Yes {
			return next, Yes
		}
		if goRegister(line) || s == goHeadGap && (has(line, "[signal ") || has(line, "PC=0x")) {
			return s, Yes
		}
	case goFunctions:
		switch {
		case len(line) == 0:
			return goGap, Doubt
		case has(line, "created by "), goFunction(line):
			return goPlace, Doubt
		case has(line, "..."), has(line, "\tgoroutine running on other thread"), goRegister(line):
			return goFunctions, Yes
		}
		return goStack(line)
	case goPlace:
		if len(line) > 1 && line[0] == '\t' {
			return goFunctions, Yes
		}
	}
	return ended, No
}

// goStack reads what a stack begins with, and what is behind the last one.
func goStack(line []byte) (state, Verdict) {
	switch {
	case goroutine(line), string(line) == "runtime stack:":
		return goFunctions, Yes
	case has(line, "exit status "):
		return ended, Yes
	}
	return ended, No
}

// goroutine reports whether a line is the title of a stack: `goroutine 1 [running]:`.
func goroutine(line []byte) bool {
	const title = "goroutine "
	if !has(line, title) || !ends(line, "]:") {
		return false
	}
	rest, ok := number(line[len(title):])
	return ok && has(rest, " ") && bytes.IndexByte(rest, '[') > 0
}

// goFunction reports whether a line is a call: `main.(*stock).take(0xc000012345, 0x3)`.
func goFunction(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' || line[len(line)-1] != ')' {
		return false
	}
	open := bytes.IndexByte(line, '(')
	return open > 0 && bytes.IndexByte(line[:open], ' ') < 0
}

// goRegister reports whether a line is a register and what is in it: `rax    0x0`.
func goRegister(line []byte) bool {
	n := 0
	for n < len(line) && (isLetter(line[n]) || isDigit(line[n])) {
		n++
	}
	rest, blanks := indented(line[n:])
	return n > 0 && n <= 8 && blanks > 0 && has(rest, "0x") && bytes.IndexByte(rest, ' ') < 0
}
