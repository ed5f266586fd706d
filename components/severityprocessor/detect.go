// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// detect returns the level that a line states, or none. It looks at the first limit bytes: two lines that
// begin with the same limit bytes have the same level. It keeps nothing and allocates nothing.
func detect(line string, limit int) level {
	if len(line) >= limit {
		line = line[:limit]
		// A word at the cut may go on behind it: "ERROR" may be the start of "ERRORS", 30 that of 300.
		for line != "" && isWordByte(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
	}
	return detectText(line)
}

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return (c|0x20)-'a' <= 'z'-'a' }
func isUpper(c byte) bool  { return c-'A' <= 'Z'-'A' }
func isBlank(c byte) bool  { return c == ' ' || c == '\t' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

// isEnd reports whether a word, a number or a label that ends in front of s[i] is whole there.
func isEnd(s string, i int) bool {
	return i >= len(s) || s[i] <= ' '
}

// skipBlanks returns the place of the first byte from i on that is no blank.
func skipBlanks(s string, i int) int {
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	return i
}

// escape begins a terminal's colour code.
const escape = 0x1b

// skipColours returns the place behind the colour codes that begin at i.
func skipColours(s string, i int) int {
	for i+1 < len(s) && s[i] == escape && s[i+1] == '[' {
		i += 2
		for i < len(s) && s[i] >= ' ' && s[i] < '@' {
			i++
		}
		i++
	}
	return min(i, len(s))
}
