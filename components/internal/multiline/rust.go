// SPDX-License-Identifier: Apache-2.0

package multiline

// rustPanic returns the state behind the first line of a panic of a Rust program. In older
// versions what it says is in that line.
func rustPanic(line []byte) state {
	if !has(line, "thread '") || !contains(line, "' panicked at ") && !contains(line, ") panicked at ") {
		return ended
	}
	if ends(line, ":") && place(line[:len(line)-1]) {
		return rustMessage
	}
	return rustDetails
}

// nextRust reads
//
//	thread 'main' panicked at src/main.rs:41:5:
//	assertion `left == right` failed
//	  left: 1
//	 right: 2
//	stack backtrace:
//	   0: rust_begin_unwind
//	             at /rustc/9fc6b431/library/std/src/panicking.rs:665:5
//	note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
func nextRust(s state, line []byte) (state, Verdict) {
	rest, blanks := indented(line)
	switch s {
	case rustMessage:
		if begins(line) == ended {
			return rustDetails, Yes
		}
	case rustDetails:
		switch {
		case string(line) == "stack backtrace:":
			return rustFrames, Yes
		case has(line, "note: "):
			return ended, Yes
		case has(line, "  left: "), has(line, " right: "):
			return rustDetails, Yes
		}
	case rustFrames:
		if has(line, "note: ") {
			return ended, Yes
		}
		if blanks == 0 {
			break
		}
		if has(rest, "at ") && place(rest) {
			return rustFrames, Yes
		}
		if rest, ok := number(rest); ok && has(rest, ": ") {
			return rustFrames, Yes
		}
	}
	return ended, No
}
