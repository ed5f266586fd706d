// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDetectedLevel(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	for _, c := range []struct {
		name, labels, line string
		metadata           []string
		want               string
	}{
		{"severity_text", `{app="a"}`, "x", []string{"severity_text", "WARN"}, "warn"},
		{"severity_text that is no word of a level is taken as it is", `{app="a"}`, "x", []string{"severity_text", "INFO2"}, "INFO2"},
		{"an empty severity_text is none", `{app="a"}`, "error: x", []string{"severity_text", ""}, "error"},
		{"severity_number of info", `{app="a"}`, "error: x", []string{"severity_number", "9"}, "info"},
		{"severity_number of warnings", `{app="a"}`, "x", []string{"severity_number", "13"}, "warn"},
		{"severity_number of errors", `{app="a"}`, "x", []string{"severity_number", "17"}, "error"},
		{"severity_number of the end", `{app="a"}`, "x", []string{"severity_number", "24"}, "fatal"},
		{"severity_number 0 hides the line", `{app="a"}`, "error: x", []string{"severity_number", "0"}, "unknown"},
		{"severity_number beyond", `{app="a"}`, "x", []string{"severity_number", "30"}, "unknown"},
		{"severity_number that is no number", `{app="a"}`, "x", []string{"severity_number", "WARN"}, "info"},
		{"the text wins over the number", `{app="a"}`, "x", []string{"severity_number", "17", "severity_text", "WARN"}, "warn"},
		{"the text wins over the line", `{app="a"}`, "error: x", []string{"severity_text", "WARN"}, "warn"},
		{"metadata level", `{app="a"}`, "x", []string{"level", "err"}, "error"},
		{"metadata SeverityText", `{app="a"}`, "x", []string{"SeverityText", "Information"}, "info"},
		{"metadata log.level loses its dot and is not known", `{app="a"}`, "x", []string{"log.level", "warn"}, "unknown"},
		{"detected_level that is given", `{app="a"}`, "error: x", []string{"detected_level", "WARNING", "severity_text", "FATAL"}, "warn"},
		{"detected_level that is no word of a level", `{app="a"}`, "error: x", []string{"detected_level", "x"}, "x"},

		{"label level wins over everything else", `{app="a", level="ERROR"}`, "info: x", []string{"severity_text", "WARN"}, "error"},
		{"label level is taken as it is", `{app="a", level="notice"}`, "info: x", nil, "notice"},
		{"label severity", `{app="a", severity="warn"}`, "info: x", nil, "warn"},

		{"JSON with level", `{app="a"}`, `{"level":"warn","msg":"an error"}`, nil, "warn"},
		{"JSON with severity", `{app="a"}`, `{"severity":"ERROR"}`, nil, "error"},
		{"JSON with a dot in the name", `{app="a"}`, `{"log.level":"error"}`, nil, "error"},
		{"JSON within JSON", `{app="a"}`, `{"any":{"level":"error"}}`, nil, "error"},
		{"JSON with a number", `{app="a"}`, `{"level":50,"msg":"x"}`, nil, "unknown"},
		{"JSON with an unknown level, then words", `{app="a"}`, `{"level":"notice","msg":"error here"}`, nil, "error"},
		{"logfmt", `{app="a"}`, `ts=1 level=warn msg="error"`, nil, "warn"},
		{"a word in brackets", `{app="a"}`, "[error] x", nil, "error"},
		{"a word at the start", `{app="a"}`, "WARNING x", nil, "warn"},
		{"a word anywhere", `{app="a"}`, "there is no error here", nil, "error"},
		{"part of a word", `{app="a"}`, "0 errors", nil, "unknown"},
		{"klog", `{app="a"}`, "E0102 03:04:05.678901 1 a.go:1] x", nil, "unknown"},
		{"words that are not known", `{app="a"}`, "panic: CRIT x", nil, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := tenantOf(t)
			require.Equal(t, 204, l.PushStreams(t, tenant, stream(c.labels, now.entry(c.line, c.metadata...))).Status)
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			assert.Equal(t, c.want, entries[0].Metadata["detected_level"])
		})
	}
	t.Run("a label detected_level is another thing", func(t *testing.T) {
		require.Equal(t, 204, l.PushStreams(t, "label", stream(`{detected_level="warn"}`, now.entry("info: x"))).Status)
		entries := l.Query(t, "label", everything)
		require.Len(t, entries, 1)
		assert.Equal(t, map[string]string{"detected_level_extracted": "info"}, entries[0].Metadata)
	})
}
