// SPDX-License-Identifier: Apache-2.0

package escape

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"plain, тест, 日本\x00\n": "plain, тест, 日本\x00\n",
		"a\xffb":                `a\xffb`,
		"\xe6\x97":              `\xe6\x97`,
		"\xed\xa0\x80":          `\xed\xa0\x80`,
		"�":                     "�",
	} {
		var b strings.Builder
		Write(&b, text)
		assert.Equal(t, want, b.String())
		b.Reset()
		Write(&b, []byte(text))
		assert.Equal(t, want, b.String())
	}
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte("a\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b strings.Builder
		Write(&b, text)
		assert.True(t, utf8.ValidString(b.String()))
		if utf8.Valid(text) {
			assert.Equal(t, string(text), b.String())
		}
	})
}
