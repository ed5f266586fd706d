// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// detectObject reads a JSON object up to the first level key of its own whose value is a level. It reads no
// further than it must, and stops where the text is no JSON, as at a cut.
func detectObject(s string) level {
	o := newObject()
	for i := nextKey(s, 1); i >= 0; {
		key, at, next := member(s, i)
		if next < 0 {
			break
		}
		switch s[at] {
		case '"':
			o.text(key, s[at+1:next-1])
		case '{':
			switch key {
			case "log":
				o.found(nestedRank, levelWithin(s[at:next]))
			case "t":
				o.mongo |= hasTime
			}
		case '[':
		default:
			if n, ok := smallNumber(s[at:next]); ok {
				o.number(key, n)
			}
		}
		if o.settled() {
			break
		}
		i = nextKey(s, next)
	}
	return o.level()
}

// levelWithin returns the level of the object {"level": …} that stands below the key `log`.
func levelWithin(s string) level {
	for i := nextKey(s, 1); i >= 0; {
		key, at, next := member(s, i)
		if next < 0 {
			break
		}
		if key == "level" && s[at] == '"' {
			return levelOfValue(nestedRank, s[at+1:next-1])
		}
		i = nextKey(s, next)
	}
	return none
}

// nextKey returns the place behind the quote that opens the next key, or -1 where no key follows.
func nextKey(s string, i int) int {
	for i < len(s) && (s[i] <= ' ' || s[i] == ',') {
		i++
	}
	if i == len(s) || s[i] != '"' {
		return -1
	}
	return i + 1
}

// member returns the key that begins at i, the place of its value and the place behind that, which is -1 where
// no whole value is in sight.
func member(s string, i int) (key string, at, next int) {
	end := stringEnd(s, i)
	if end < 0 {
		return "", 0, -1
	}
	at = skipSpace(s, end+1)
	if at >= len(s) || s[at] != ':' {
		return "", 0, -1
	}
	at = skipSpace(s, at+1)
	if at >= len(s) {
		return "", 0, -1
	}
	return s[i:end], at, skipValue(s, at)
}

// skipValue returns the place behind the value that begins at i, or -1 where its end is not in sight.
func skipValue(s string, i int) int {
	switch s[i] {
	case '"':
		if end := stringEnd(s, i+1); end >= 0 {
			return end + 1
		}
		return -1
	case '{', '[':
		return skipNested(s, i)
	}
	for ; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == ',' || s[i] == '}' {
			return i
		}
	}
	return -1
}

// skipNested returns the place behind the object or array that begins at i, or -1.
func skipNested(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := stringEnd(s, i+1)
			if end < 0 {
				return -1
			}
			i = end
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// stringEnd returns the place of the quote that closes the string whose first byte is at i, or -1.
func stringEnd(s string, i int) int {
	for i < len(s) {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		escaped := false
		for k := i - 1; s[k] == '\\'; k-- {
			escaped = !escaped
		}
		if !escaped {
			return i
		}
		i++
	}
	return -1
}

// skipSpace returns the place of the first byte from i on that is neither blank nor control character.
func skipSpace(s string, i int) int {
	for i < len(s) && s[i] <= ' ' {
		i++
	}
	return i
}
