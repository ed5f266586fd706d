// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// What a few well-known programs write that no other does.

// toolLevel reads the line of a program that writes its name in front of the level: PHP and npm. The name is
// s[start:end].
func toolLevel(s string, start, end int) level {
	if end-start != 3 || s[end] != ' ' {
		return none
	}
	switch s[start:end] {
	case "PHP":
		text, _, ok := strings.Cut(s[end+1:], ": ")
		if !ok {
			return none
		}
		switch text {
		case "Fatal error", "Core error", "Compile error":
			return fatalLevel
		case "Parse error", "Recoverable fatal error", "Catchable fatal error":
			return errorLevel
		case "Warning", "Core warning", "Compile warning":
			return warnLevel
		case "Notice", "Strict Standards", "Deprecated":
			return noticeLevel
		}
	case "npm":
		text, _, _ := strings.Cut(s[end+1:], " ")
		switch text {
		case "ERR!", "error":
			return errorLevel
		case "WARN", "warn":
			return warnLevel
		case "notice":
			return noticeLevel
		case "info":
			return infoLevel
		case "http", "verb":
			return debugLevel
		case "sill":
			return traceLevel
		}
	}
	return none
}

// monologLevel reads a channel of PHP's Monolog with its level: production.ERROR.
func monologLevel(text string) level {
	if i := strings.LastIndexByte(text, '.'); i > 0 && isLoud(text[i+1:]) {
		if w := lookup(text[i+1:]); w.places&asLoudLabel != 0 {
			return w.level
		}
	}
	return none
}

// erlangReport reads the head of an old report of Erlang: =ERROR REPORT==== 20-Nov-2026::10:00:00 ===.
func erlangReport(s string) level {
	text, _, ok := strings.Cut(s[1:], " ")
	if !ok || !isLoud(text) || !startsWith(s, 1+len(text), " REPORT====") {
		return none
	}
	return lookup(text).level
}

// isRedis reports whether the role of a Redis process stands at i, behind its number: 1:M 20 Nov 2026.
func isRedis(s string, i int) bool {
	if i+2 >= len(s) || s[i] != ':' || s[i+2] != ' ' {
		return false
	}
	switch s[i+1] {
	case 'M', 'S', 'C', 'X':
		return true
	}
	return false
}

// redisMark returns the level of the mark that Redis puts between the time and the text.
func redisMark(s string) level {
	if len(s) < 2 || s[1] != ' ' {
		return none
	}
	switch s[0] {
	case '.', '-':
		return debugLevel
	case '*':
		return noticeLevel
	case '#':
		return warnLevel
	}
	return none
}

// secondLine returns the level that java.util.logging writes at the start of its second line.
func secondLine(s string) level {
	_, second, _ := strings.Cut(s, "\n")
	if i := strings.Index(second, ": "); i > 0 && i <= longestWord {
		return loudLabelOf(second[:i+1])
	}
	return none
}
