// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"raw", "labels: {profile: none}", "x"},
		{"json", "labels: {profile: none}\nformat: json", `{"body":"x","severity":"INFO","attributes":{"b":"c"},"resources":{"a":1}}`},
		{"logfmt", "labels: {profile: none}\nformat: logfmt", "x= severity=INFO attribute_b=c resource_a=1"},
		{"raw without labels", "format: raw", "x"},
		{"json without labels", "", `{"body":"x","severity":"INFO","attributes":{"b":"c"},"resources":{"a":1}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, _ := stored(t, tt.yaml, logsOf(t, attrs{"a": 1, "__tenant_id__": "t"}, rec{body: "x", attrs: attrs{"b": "c"}, text: "INFO"}))
			assert.Equal(t, tt.want, entries[0].Line)
		})
	}
}

func TestLinesOfBodies(t *testing.T) {
	for _, tt := range []struct {
		name string
		body any
		want string
	}{
		{"text", "a line", "a line"},
		{"nothing", nil, ""},
		{"an empty text", "", ""},
		{"several lines, colours and a NUL", "a\r\nb\x1b[31m\x00", "a\r\nb\x1b[31m\x00"},
		{"text that is no UTF-8", "caf\xe9", "caf\xe9"},
		{"bytes", []byte("caf\xe9"), "caf\xe9"},
		{"no bytes", []byte{}, ""},
		{"a map", map[string]any{"a": 1, "b": map[string]any{"c": "d"}}, `{"a":1,"b":{"c":"d"}}`},
		{"a list", []any{"a", 1}, `["a",1]`},
		{"a list that JSON cannot hold", []any{"a", math.Inf(1)}, "[a +Inf]"},
		{"a number", 42, "42"},
		{"a truth value", true, "true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, _ := stored(t, "labels: {profile: none}", logsOf(t, nil, rec{body: tt.body}))
			assert.Equal(t, tt.want, entries[0].Line)
		})
	}
}
