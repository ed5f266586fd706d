// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"errors"
	"regexp"
	"strings"
)

var errGlobOpen = errors.New("`[` without `]`")

// isGlob reports whether a name stands for several.
func isGlob(name string) bool { return strings.ContainsAny(name, "*?[") }

// compileGlob makes a test of a shell pattern. As in systemd, a backslash stands for
// itself, since names of units have some, and `*` stands for `/` and `.` as well.
func compileGlob(glob string) (func(string) bool, error) {
	if !isGlob(glob) {
		return func(s string) bool { return s == glob }, nil
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteByte('.')
		case '[':
			set, n := globSet(glob[i:])
			if n == 0 {
				return nil, errGlobOpen
			}
			b.WriteString(set)
			i += n - 1
		default:
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// globSet makes a class of the bracket expression at the beginning of a pattern, and
// returns its length, 0 if it has no end.
func globSet(glob string) (class string, n int) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if i < len(glob) && (glob[i] == '!' || glob[i] == '^') {
		b.WriteByte('^')
		i++
	}
	for first := i; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == ']' && i > first:
			b.WriteByte(']')
			return b.String(), i + 1
		case strings.HasPrefix(glob[i:], "[:") && strings.Contains(glob[i:], ":]"):
			end := i + strings.Index(glob[i:], ":]") + 2
			b.WriteString(glob[i:end]) // A named class, the same in both languages.
			i = end - 1
		case c == '[' || c == ']' || c == '^' || c == '\\' || c == '&' || c == '~':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}
