// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// expected reads an object with the standard library and gives its members to the same rules.
func expected(t *testing.T, text []byte) level {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	_, err := decoder.Token()
	require.NoError(t, err)
	o := newObject()
	for decoder.More() && !o.settled() {
		key, err := decoder.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
		switch name := key.(string); value[0] {
		case '"':
			o.text(name, string(value[1:len(value)-1]))
		case '{':
			var inner map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(value, &inner))
			if name == "log" && len(inner["level"]) > 0 && inner["level"][0] == '"' {
				o.found(nestedRank, levelOfValue(nestedRank, strings.Trim(string(inner["level"]), `"`)))
			}
			if name == "t" {
				o.mongo |= hasTime
			}
		default:
			if n, ok := smallNumber(string(value)); ok {
				o.number(name, n)
			}
		}
	}
	return o.level()
}

// anyValue makes a value whose text is full of what a careless reader would trip over.
func anyValue(r *rand.Rand, depth int) any {
	texts := []string{
		"error", "WARN", "info", "", "level", `"level":"fatal"`, `\`, `\"`, `"`, "}", "]", "{", "[", ",", ":", "\n", "é", "30", "x",
	}
	switch n := r.IntN(12); {
	case n < 5:
		return texts[r.IntN(len(texts))]
	case n < 7:
		return []any{3, 30, 40.5, 500, 1e9, -10, 4}[r.IntN(7)]
	case n < 8:
		return []any{nil, true, false}[r.IntN(3)]
	case n < 10 && depth > 0:
		return anyObject(r, depth-1)
	case depth > 0:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = anyValue(r, depth-1)
		}
		return list
	}
	return "plain"
}

func anyObject(r *rand.Rand, depth int) map[string]any {
	keys := []string{
		"level", "Level", "severity", "lvl", "log", "log.level", "loglevel", "msg", `"level"`, `a\`, "PRIORITY", "short_message",
		"t", "s", "c", "error", "", "levels", "{", "ctx",
	}
	object := map[string]any{}
	for range r.IntN(7) {
		object[keys[r.IntN(len(keys))]] = anyValue(r, depth)
	}
	return object
}

func TestObjectsAreReadAsTheStandardLibraryDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 5_000 {
		text, err := json.Marshal(anyObject(r, 3))
		require.NoError(t, err)
		want := expected(t, text)
		if want != none {
			found++
		}
		require.Equal(t, want, detect(string(text), maxMaxBytes), "%s", text)

		var pretty bytes.Buffer
		require.NoError(t, json.Indent(&pretty, text, "", "\t"))
		require.Equal(t, want, detect(pretty.String(), maxMaxBytes), "%s", &pretty)
		spaced := strings.ReplaceAll(pretty.String(), "\n", " \r\n ")
		require.Equal(t, want, detect(spaced, maxMaxBytes), "%s", spaced)
	}
	require.Greater(t, found, 400, "the objects have levels")
}
