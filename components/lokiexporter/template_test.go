// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTemplates(t *testing.T) {
	values := map[string]string{"ns": "shop", "app": "cart", "empty": "", "with space": "x", "brace": "{ns}"}
	get := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	for _, tt := range []struct {
		name, text, want string
		missing          bool
	}{
		{name: "text stands for itself", text: "production", want: "production"},
		{name: "an attribute", text: "{ns}", want: "shop"},
		{name: "attributes and text", text: "-{ns}/{app}.", want: "-shop/cart."},
		{name: "attributes beside each other", text: "{ns}{app}", want: "shopcart"},
		{name: "a missing attribute", text: "{ns}/{job}", missing: true},
		{name: "an empty attribute counts as missing", text: "{ns}/{empty}", missing: true},
		{name: "the first attribute that is there", text: "{job|empty|app|ns}", want: "cart"},
		{name: "none of them is there", text: "{job|empty}", missing: true},
		{name: "spaces around names do not count", text: "{ job | app }", want: "cart"},
		{name: "spaces within names do", text: "{with space}", want: "x"},
		{name: "spaces of the text stay", text: " {app} ", want: " cart "},
		{name: "a value is not a template", text: "{brace}", want: "{ns}"},
		{name: "nothing", text: "", missing: true},
		{name: "other letters", text: "日{app}志", want: "日cart志"},
		{name: "a bar outside of braces is text", text: "{app}|{ns}", want: "cart|shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parsed, err := parseTemplate(tt.text)
			require.NoError(t, err)
			got, ok := parsed.expand([]byte("before:"), get)
			assert.Equal(t, !tt.missing, ok)
			assert.Equal(t, "before:"+tt.want, string(got), "a missing part leaves what was there")
		})
	}
}

func TestBrokenTemplates(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an open brace", "{ns", "`{` without a `}`"},
		{"an open brace behind a good one", "{ns}{app", "`{` without a `}`"},
		{"a closing brace", "ns}", "`}` without a `{`"},
		{"a closing brace behind a good one", "{ns}}", "`}` without a `{`"},
		{"braces the wrong way round", "}ns{", "`}` without a `{`"},
		{"no name", "{}", `"{}" does not name an attribute`},
		{"only a space", "{ }", `"{ }" does not name an attribute`},
		{"an empty choice", "{ns|}", `"{ns|}" does not name an attribute`},
		{"a brace within braces", "{{ns}}", `"{{ns}" does not name an attribute`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseTemplate(tt.text)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestPlainTemplates(t *testing.T) {
	for text, want := range map[string][]string{"{a}": {"a"}, "{a|b}": {"a", "b"}} {
		attributes, plain := mustTemplate(text).plain()
		assert.True(t, plain, text)
		assert.Equal(t, want, attributes)
	}
	for _, text := range []string{"", "a", "{a}/", "{a}{b}"} {
		_, plain := mustTemplate(text).plain()
		assert.False(t, plain, text)
	}
	assert.Panics(t, func() { mustTemplate("{") })
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"", "a", "{a}", "{a|b}/{c}", "{", "}", "{}", "{ a | b }", "{{a}}", "日{é}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseTemplate(text)
		if err != nil {
			return
		}
		require.Equal(t, strings.Count(text, "{"), strings.Count(text, "}"), "every brace has a partner")

		// Written from its parts it reads the same.
		var again strings.Builder
		for _, part := range parsed.parts {
			require.NotEqual(t, part.literal == "", part.attributes == nil, "a part is either or")
			again.WriteString(part.literal)
			if part.attributes != nil {
				again.WriteString("{" + strings.Join(part.attributes, "|") + "}")
			}
		}
		reparsed, err := parseTemplate(again.String())
		require.NoError(t, err)
		require.Equal(t, parsed, reparsed)

		// With every attribute there, the value is the text with values for braces.
		value, ok := parsed.expand(nil, func(string) (string, bool) { return "v", true })
		require.Equal(t, text != "", ok)
		var want strings.Builder
		for _, part := range parsed.parts {
			want.WriteString(part.literal)
			if part.attributes != nil {
				want.WriteString("v")
			}
		}
		require.Equal(t, want.String(), string(value))

		// With none there, only a template without braces has a value.
		value, ok = parsed.expand(nil, func(string) (string, bool) { return "", false })
		require.Equal(t, text != "" && !strings.Contains(text, "{"), ok)
		require.Equal(t, ok, len(value) > 0)
	})
}
