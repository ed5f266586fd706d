// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseLabels(t *testing.T) {
	for _, tt := range []struct{ name, text, want, err string }{
		{name: "one label", text: `{a="b"}`, want: `{a="b"}`},
		{name: "labels are sorted by name", text: `{b="2", a="1", A="0"}`, want: `{A="0", a="1", b="2"}`},
		{name: "spaces and line breaks between parts", text: " {\ta = \"1\" ,\n b= \"2\" } ", want: `{a="1", b="2"}`},
		{name: "no spaces", text: `{a="1",b="2"}`, want: `{a="1", b="2"}`},
		{name: "a comma behind the last label", text: `{a="1",}`, want: `{a="1"}`},
		{name: "no labels", text: `{}`, want: `{}`},
		{name: "no text", text: ``, want: `{}`},
		{name: "a label without a value is none", text: `{a="", b="1"}`, want: `{b="1"}`},
		{name: "a name twice is left to a later check", text: `{a="1", a="2"}`, want: `{a="1", a="2"}`},
		{name: "escapes", text: `{a="\"\\\n\x00\xff\u00e9"}`, want: `{a="\"\\\n\x00\xffé"}`},
		{name: "other letters in a value", text: `{a="日志 ☃"}`, want: `{a="日志 ☃"}`},
		{name: "braces and commas in a value", text: `{a="},{b=\"c\""}`, want: `{a="},{b=\"c\""}`},
		{name: "legal characters of a name", text: `{_A9z="1"}`, want: `{_A9z="1"}`},

		{name: "a digit first", text: `{9a="1"}`, err: "1:2: parse error: unexpected character inside braces: '9'"},
		{name: "a dash", text: `{a-b="1"}`, err: "1:3: parse error: unexpected character inside braces: '-'"},
		{name: "another letter inside a name", text: `{aé="1"}`, err: "1:3: parse error: unexpected character inside braces: 'é'"},
		{name: "an error in the second line", text: "{a=\"1\",\nb.c=\"2\"}", err: "2:2: parse error: unexpected character inside braces: '.'"},
		{name: "no brace in front", text: `a="1"`, err: "1:1: parse error: unexpected character at the start of the labels: 'a'"},
		{name: "no brace behind", text: `{a="1"`, err: "1:7: parse error: unexpected end of input inside braces"},
		{name: "more behind the brace", text: `{a="1"} x`, err: "1:9: parse error: unexpected character behind the labels: 'x'"},
		{name: "no comma", text: `{a="1" b="2"}`, err: `unexpected character in label set, expected "," or "}": 'b'`},
		{name: "a comma alone", text: `{,}`, err: "unexpected character inside braces: ','"},
		{name: "two commas", text: `{a="1",,b="2"}`, err: "unexpected character inside braces: ','"},
		{name: "no equals sign", text: `{a}`, err: "unexpected character inside braces: '}'"},
		{name: "no quotes", text: `{a=b}`, err: "in label set, expected string: 'b'"},
		{name: "a quote that does not end", text: `{a="b}`, err: "unterminated quoted string"},
		{name: "an unknown escape", text: `{a="\q"}`, err: "parse error"},
		{name: "a raw line break in a value", text: "{a=\"\n\"}", err: "unterminated quoted string"},
		{name: "a wrong encoding in a value", text: "{a=\"\xff\"}", err: "invalid UTF-8 rune"},
		{name: "the character for a wrong encoding", text: "{a=\"\uFFFD\"}", err: "invalid UTF-8 rune"},
		{name: "the same character as an escape", text: `{a="\ufffd"}`, err: "invalid UTF-8 rune"},
		{name: "the same character as three escapes", text: `{a="\xef\xbf\xbd"}`, err: "invalid UTF-8 rune"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			labels, err := parseLabels(tt.text)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, labels.String())
		})
	}
}

func TestServiceNameIsDiscovered(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{name: "it is there already", text: `{app="a", service_name="s"}`, want: "s"},
		{name: "it is there without a value", text: `{app="a", service_name=""}`, want: "a"},
		{name: "nothing names the service", text: `{pod="p"}`, want: "unknown_service"},
		{name: "no labels at all", text: `{}`, want: "unknown_service"},
		{name: "service before app", text: `{app="a", service="s"}`, want: "s"},
		{name: "container before job", text: `{job="j", container="c"}`, want: "c"},
		{name: "the last of the list", text: `{k8s_job_name="k"}`, want: "k"},
		{name: "names match in full", text: `{App="a", apps="b"}`, want: "unknown_service"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			labels, err := parseLabels(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.want, labels.withService().get("service_name"))
		})
	}
}

func TestNormalizeMetadata(t *testing.T) {
	for _, tt := range []struct {
		name     string
		metadata []Pair
		want     []Pair
	}{
		{name: "none"},
		{name: "sorted by name", metadata: []Pair{{"b", "2"}, {"a", "1"}}, want: []Pair{{"a", "1"}, {"b", "2"}}},
		{name: "a dot", metadata: []Pair{{"a.b", "1"}}, want: []Pair{{"a_b", "1"}}},
		{name: "a digit first", metadata: []Pair{{"9z", "1"}}, want: []Pair{{"key_9z", "1"}}},
		{name: "runs of illegal characters", metadata: []Pair{{"foo--bar", "1"}}, want: []Pair{{"foo_bar", "1"}}},
		{name: "runs of underscores", metadata: []Pair{{"a__b", "1"}, {"__x", "2"}}, want: []Pair{{"_x", "2"}, {"a_b", "1"}}},
		{name: "a reserved name", metadata: []Pair{{"__x__", "1"}}, want: []Pair{{"__x__", "1"}}},
		{name: "letters behind illegal characters", metadata: []Pair{{"日a", "1"}, {"日1", "2"}, {"a b", "3"}}, want: []Pair{{"_1", "2"}, {"_a", "1"}, {"a_b", "3"}}},
		{name: "other letters amid latin ones", metadata: []Pair{{"x日志y", "1"}}, want: []Pair{{"x_y", "1"}}},
		{name: "a name twice", metadata: []Pair{{"a", "1"}, {"a", "2"}}, want: []Pair{{"a", "2"}}},
		{name: "two names become one", metadata: []Pair{{"a.b", "1"}, {"a-b", "2"}}, want: []Pair{{"a_b", "2"}}},
		{name: "a name becomes one that is there", metadata: []Pair{{"a.b", "1"}, {"a_b", "2"}}, want: []Pair{{"a_b", "1"}}},
		{name: "a pair without a value is none", metadata: []Pair{{"a", ""}, {"b.c", ""}, {"d", "1"}}, want: []Pair{{"d", "1"}}},
		{name: "a wrong encoding in a value", metadata: []Pair{{"a", "x\xffy\uFFFDz"}}, want: []Pair{{"a", "x y z"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := normalize(tt.metadata)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, name := range []string{"", "-", "_", "___", "_-_", " ", "...", "é", "日_", "日志", "\xff"} {
		t.Run("nothing remains of "+name, func(t *testing.T) {
			_, err := normalize([]Pair{{"good", "1"}, {name, "v"}})
			require.Error(t, err)
		})
	}
}

// FuzzParseLabels checks that what is parsed can be written and parsed again, and
// that no text makes the parser panic.
func FuzzParseLabels(f *testing.F) {
	for _, seed := range []string{`{a="b", c="d"}`, `{}`, ``, `{a="\xff\n"}`, `{a=`, "{a=\"\n\"}", `{é="1"}`, `{a="1",}x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := parseLabels(text)
		if err != nil {
			return
		}
		require.True(t, utf8.ValidString(text), "a wrong encoding was accepted")
		again, err := parseLabels(labels.String())
		require.NoError(t, err)
		require.Equal(t, labels.String(), again.String())
	})
}
