// SPDX-License-Identifier: Apache-2.0

package multiline

// nextPHP reads
//
//	PHP Fatal error:  Uncaught Exception: no stock in /app/stock.php:41
//	Stack trace:
//	#0 /app/stock.php(50): take()
//	#1 {main}
//
//	Next RuntimeException: no order in /app/order.php:7
//	Stack trace:
//	#0 {main}
//	  thrown in /app/order.php on line 7
//
// and what Monolog writes, whose traces end with `"}`.
func nextPHP(s state, line []byte) (state, Verdict) {
	switch s {
	case phpHead:
		if string(line) == "Stack trace:" {
			return phpFrames, Yes
		}
	case phpFrames:
		switch {
		case len(line) == 0:
			return phpGap, Doubt
		case phpFrame(line):
			return phpFrames, Yes
		case has(line, "  thrown in "), has(line, `"}`):
			return ended, Yes
		case has(line, "[previous exception]"), string(line) == "[stacktrace]":
			return phpFrames, Yes
		}
	case phpGap:
		if rest, ok := beforeNumber(line); ok && has(line, "Next ") && ends(rest, ":") {
			return phpHead, Yes
		}
		if has(line, "[previous exception]") {
			return phpFrames, Yes
		}
	}
	return ended, No
}

// phpFrame reports whether a line is a frame: `#0 /app/stock.php(50): take()`.
func phpFrame(line []byte) bool {
	if line[0] != '#' {
		return false
	}
	rest, ok := number(line[1:])
	return ok && len(rest) > 1 && rest[0] == ' '
}
