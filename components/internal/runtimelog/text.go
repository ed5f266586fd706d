// SPDX-License-Identifier: Apache-2.0

package runtimelog

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// text is what stands between two quotes.
type text struct {
	raw []byte
	// escape is where the first backslash is, or behind the end.
	escape int
	// unicode says that raw is valid UTF-8, plain that it also has no backslash.
	unicode, plain bool
}

// text reads a string. When there is none, the scanner stays where it is.
func (j *scanner) text() (text, bool) {
	if j.peek() != '"' {
		return text{}, false
	}
	raw := j.in[j.at+1:]
	t := text{escape: -1, unicode: true}
	for i := 0; ; i++ {
		var high bool
		n := ordinary(raw[i:], &high)
		if high && t.unicode {
			t.unicode = utf8.Valid(raw[i : i+n])
		}
		if i += n; i == len(raw) {
			return text{}, false
		}
		switch {
		case raw[i] == '"':
			t.raw = raw[:i]
			if t.escape < 0 {
				t.escape, t.plain = i, t.unicode
			}
			j.at += i + len(`""`)
			return t, true
		case raw[i] != '\\':
			return text{}, false
		}
		if t.escape < 0 {
			t.escape = i
		}
		n = escapeLength(raw[i:])
		if n == 0 {
			return text{}, false
		}
		i += n - 1
	}
}

// ordinary counts the bytes up to a quote, a backslash, a control character or the
// end, eight at once. It tells whether some are no ASCII.
func ordinary(b []byte, high *bool) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// Each term has the highest bit of a byte set when the byte is, in this order,
		// below 0x20, a quote, or a backslash. There may be false ones above a true one,
		// and at bytes that are no ASCII: the bytes are looked at again one by one.
		if ((w-ones*0x20)|(quote-ones)|(slash-ones))&^w&tops != 0 {
			break
		}
		*high = *high || w&tops != 0
	}
	for ; n < len(b); n++ {
		c := b[n]
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		*high = *high || c >= utf8.RuneSelf
	}
	return n
}

// escapeLength is that of the escape that b begins with, 0 for none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), b[1]) >= 0 {
		return 2
	}
	if b[1] == 'u' && hex4(b) >= 0 {
		return 6
	}
	return 0
}

// hex4 is the number of a \u escape, or -1.
func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// append returns the text that is meant. It stands where it was read, or else in
// the scratch, which it replaces.
func (t text) append(scratch *[]byte) []byte {
	if t.plain {
		return t.raw
	}
	out, rest := (*scratch)[:0], t.raw
	for {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 {
			n = len(rest)
		}
		if t.unicode {
			out = append(out, rest[:n]...)
		} else {
			out = appendValid(out, rest[:n])
		}
		if rest = rest[n:]; len(rest) == 0 {
			*scratch = out
			return out
		}
		out, n = appendEscape(out, rest)
		rest = rest[n:]
	}
}

// appendValid puts U+FFFD in the place of each byte that is no UTF-8.
func appendValid(out, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out, b = utf8.AppendRune(out, r), b[n:]
	}
	return out
}

// appendEscape appends what the escape stands for that b begins with. Two halves of
// a pair are one; half a pair is U+FFFD.
func appendEscape(out, b []byte) ([]byte, int) {
	switch b[1] {
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		r := hex4(b)
		if utf16.IsSurrogate(r) {
			if pair := utf16.DecodeRune(r, hex4(b[6:])); pair != utf8.RuneError {
				return utf8.AppendRune(out, pair), 12
			}
		}
		return utf8.AppendRune(out, r), 6
	}
	return append(out, b[1]), 2
}
