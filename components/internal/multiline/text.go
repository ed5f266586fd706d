// SPDX-License-Identifier: Apache-2.0

package multiline

import "bytes"

// has reports whether a line begins so.
func has(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}

// ends reports whether a line ends so.
func ends(line []byte, suffix string) bool {
	return len(line) >= len(suffix) && string(line[len(line)-len(suffix):]) == suffix
}

// contains reports whether there is a text in a line.
func contains(line []byte, text string) bool { return bytes.Contains(line, []byte(text)) }

// indented returns a line without the blanks at its beginning, and how many they were.
func indented(line []byte) (rest []byte, blanks int) {
	for blanks < len(line) && (line[blanks] == ' ' || line[blanks] == '\t') {
		blanks++
	}
	return line[blanks:], blanks
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_' }

// number returns what is behind the digits that a line begins with.
func number(line []byte) (rest []byte, ok bool) {
	n := 0
	for n < len(line) && isDigit(line[n]) {
		n++
	}
	return line[n:], n > 0
}

// beforeNumber returns what is before the digits that a line ends with.
func beforeNumber(line []byte) (rest []byte, ok bool) {
	n := len(line)
	for n > 0 && isDigit(line[n-1]) {
		n--
	}
	return line[:n], n < len(line)
}

// place reports whether a line ends with the line and column of a file.
func place(line []byte) bool {
	for range 2 {
		rest, ok := beforeNumber(line)
		if !ok || len(rest) < 2 || rest[len(rest)-1] != ':' {
			return false
		}
		line = rest[:len(rest)-1]
	}
	return true
}

// isCaret reports whether a line only marks something in the line above.
func isCaret(line []byte) bool {
	rest, _ := indented(line)
	for _, b := range rest {
		if b != '^' && b != '~' && b != ' ' {
			return false
		}
	}
	return len(rest) > 0
}
