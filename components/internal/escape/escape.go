// SPDX-License-Identifier: Apache-2.0

// Package escape writes bytes that are no UTF-8 so that they can be read, and told apart.
package escape

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Write writes each byte that is part of no character as \xhh, as Go and Python write it,
// and everything else as it is.
func Write[T string | []byte](to *strings.Builder, text T) {
	for rest := string(text); rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && n == 1 {
			to.WriteString(`\x`)
			to.WriteByte(hexDigits[rest[0]>>4])
			to.WriteByte(hexDigits[rest[0]&15])
		} else {
			to.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
}
