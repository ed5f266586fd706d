// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestColourCodesAreSkipped(t *testing.T) {
	for _, c := range []struct{ name, text, rest string }{
		{"none", "x", "x"},
		{"one", "\x1b[31mx", "x"},
		{"without a number", "\x1b[mx", "x"},
		{"several numbers", "\x1b[0;1;38;5;208mx", "x"},
		{"private and intermediate bytes", "\x1b[?25 ~x", "x"},
		{"two in a row", "\x1b[0m\x1b[31mx", "x"},
		{"a cut one", "\x1b[31", ""},
		{"a cut one at once", "\x1b[", ""},
		{"an escape alone", "\x1b", "\x1b"},
		{"an escape of another kind", "\x1b]x", "\x1b]x"},
		{"a bracket alone", "[31mx", "[31mx"},
		{"a code further on", "x\x1b[31m", "x\x1b[31m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.rest, c.text[skipColours(c.text, 0):])
			assert.Equal(t, c.rest, ("ab" + c.text)[skipColours("ab"+c.text, 2):])
		})
	}
}

func TestBlanksAndColoursAreTrimmed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"  ":                                "",
		"x":                                 "x",
		" \tx y\t ":                         "x y",
		"\x1b[31mx\x1b[0m":                  "x",
		" \x1b[1m \x1b[31mx\x1b[0m \x1b[m ": "x",
		"\x1b[31m":                          "",
		"a\x1b[31mx":                        "a\x1b[31mx",
		"a\x1b[31m b\x1b[0m":                "a\x1b[31m b",
		"x\x1b":                             "x\x1b",
		"\x1b":                              "\x1b",
	} {
		assert.Equal(t, want, trim(text), "%q", text)
	}
}
