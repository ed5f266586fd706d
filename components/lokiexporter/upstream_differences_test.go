// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/loki"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// TestWhereUpstreamIsNotFollowed lists all that is done otherwise than the removed
// upstream exporter did it.
func TestWhereUpstreamIsNotFollowed(t *testing.T) {
	at := timestamp(time.Now())
	manyNames := strings.Fields(strings.ReplaceAll(labelsNamed(16, "%s"), ",", ""))
	for _, tt := range []struct {
		name     string
		resource attrs
		record   attrs
		body     any
		severity plog.SeverityNumber
		upstream map[string][]string
		want     map[string][]string
	}{
		{
			name:   "no label: Loki makes this of it, older ones refused the request",
			record: attrs{}, body: "x",
			upstream: map[string][]string{"": {`{}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, `{"body":"x"}`}},
		},
		{
			name:   "a label without a value, which Loki does not know",
			record: attrs{"loki.attribute.labels": "a,b", "a": "", "b": "c"}, body: "x",
			upstream: map[string][]string{"": {`{a="", b="c"}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{b="c"}`, `{"body":"x"}`}},
		},
		{
			name:     "a severity that there is not",
			severity: 30, record: attrs{}, body: "x",
			upstream: map[string][]string{"": {`{level=""}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, `{"body":"x"}`}},
		},
		{
			name:   "a label of other letters: upstream dropped the record",
			record: attrs{"loki.attribute.labels": "日志", "日志": "a"}, body: "x",
			upstream: map[string][]string{},
			want:     map[string][]string{"": {`{key_7dbac1c2="a"}`, `{"body":"x"}`}},
		},
		{
			name:   "a label that nobody may see stays an attribute",
			record: attrs{"loki.attribute.labels": "__x, y", "__x": "a", "y": "z"}, body: "x",
			upstream: map[string][]string{"": {`{_x="a", y="z"}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{y="z"}`, `{"body":"x","attributes":{"__x":"a"}}`}},
		},
		{
			name:   "a label with the character that costs Loki's request",
			record: attrs{"loki.attribute.labels": "a", "a": "v\xff\uFFFD"}, body: "x",
			upstream: map[string][]string{"": {`{a="v\xff` + "\uFFFD" + `"}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{a="v??"}`, `{"body":"x"}`}},
		},
		{
			name: "the 16th label stays an attribute",
			record: func() attrs {
				a := attrs{"loki.attribute.labels": strings.Join(manyNames, ",")}
				for _, name := range manyNames {
					a[name] = "v"
				}
				return a
			}(), body: "x",
			upstream: map[string][]string{"": {"{" + strings.Join(manyNames, `="v", `) + `="v"}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {"{" + strings.Join(manyNames[:15], `="v", `) + `="v"}`, `{"body":"x","attributes":{"l15":"v"}}`}},
		},
		{
			name:   "an unknown format: upstream dropped the record",
			record: attrs{"loki.format": "xml"}, body: "x",
			upstream: map[string][]string{},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, "x"}},
		},
		{
			name:   "what JSON cannot hold: upstream dropped the record",
			record: attrs{"a": math.Inf(1)}, body: "x",
			upstream: map[string][]string{},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, "x"}},
		},
		{
			name:   "a body that JSON cannot hold: upstream dropped the record",
			record: attrs{}, body: map[string]any{"a": math.Inf(-1), "b": "c"},
			upstream: map[string][]string{},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, "map[a:-Inf b:c]"}},
		},
		{
			name:   "what logfmt cannot hold: upstream dropped the record",
			record: attrs{"loki.format": "logfmt"}, body: map[string]any{"": "a"},
			upstream: map[string][]string{},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, `{"":"a"}`}},
		},
		{
			name:   "a body of bytes is the line",
			record: attrs{"loki.format": "raw"}, body: []byte("caf\xe9"),
			upstream: map[string][]string{"": {`{}`, "Y2Fm6Q=="}},
			want:     map[string][]string{"": {`{service_name="unknown_service"}`, "caf\xe9"}},
		},
		{
			name:   "a tenant that is a number",
			record: attrs{"loki.tenant": "customer", "customer": 42, "loki.format": "raw"}, body: "x",
			upstream: map[string][]string{"": {`{}`, "x"}},
			want:     map[string][]string{"42": {`{service_name="unknown_service"}`, "x"}},
		},
		{
			name:     "a tenant without a hint, as Alloy has it",
			resource: attrs{"__tenant_id__": "red"}, record: attrs{}, body: "x",
			upstream: map[string][]string{"": {`{}`, `{"body":"x","resources":{"__tenant_id__":"red"}}`}},
			want:     map[string][]string{"red": {`{service_name="unknown_service"}`, `{"body":"x"}`}},
		},
		{
			name:   "an annotation with two underscores",
			record: attrs{"loki.attribute.labels": "k8s.pod.annotations.a--b", "k8s.pod.annotations.a--b": "c"}, body: "x",
			upstream: map[string][]string{"": {`{k8s_pod_annotations_a_b="c"}`, `{"body":"x"}`}},
			want:     map[string][]string{"": {`{k8s_pod_annotations_a__b="c"}`, `{"body":"x"}`}},
		},
		{
			name: "a path that fits twice leads where the shorter path begins",
			record: attrs{"loki.attribute.labels": "a.c.d", "a": map[string]any{
				"c.d": "direct", "c": map[string]any{"d": "indirect"},
			}, "loki.format": "raw"}, body: "x",
			upstream: map[string][]string{"": {`{a_c_d="indirect"}`, "x"}},
			want:     map[string][]string{"": {`{a_c_d="direct"}`, "x"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			off := map[string]bool{"exporter": false}
			e := newEncoder(t, "default_labels_enabled: {exporter: false}")
			ld := logsOf(t, tt.resource, rec{body: tt.body, attrs: tt.record, level: tt.severity})
			ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(at)
			want := func(facts map[string][]string) entriesByStream {
				all := entriesByStream{}
				for tenant, f := range facts {
					all.add(tenant, f[0], simpleEntry{int64(at), f[1]})
				}
				return all
			}
			upstream := entriesByStream{}
			for tenant, request := range loki.LogsToLokiRequests(ld, off) {
				for _, s := range request.Streams {
					upstream.add(tenant, s.Labels, simpleEntry{s.Entries[0].Timestamp.UnixNano(), s.Entries[0].Line})
				}
			}
			require.Equal(t, want(tt.upstream), upstream, "what upstream did")
			require.Equal(t, want(tt.want), fromHere(t, e, ld))
		})
	}
}

// TestHostileHints would not end if hints were looked up in every possible way.
func TestHostileHints(t *testing.T) {
	e := newEncoder(t, "")
	path := strings.Repeat("a.", 500) + "b"
	nested := map[string]any{"a": map[string]any{"a": map[string]any{"c": "d"}}}
	ld := logsOf(t, nested, rec{body: "x", attrs: attrs{
		"loki.attribute.labels": path, "loki.resource.labels": strings.Repeat(path+",", 10), "a": nested,
		"loki.tenant": path, "loki.format": path,
	}})
	got := fromHere(t, e, ld)
	assert.Equal(t, "x", got[""][`{exporter="OTLP"}`][0].line)

	long := strings.Repeat("a", maxNameBytes+1)
	got = fromHere(t, e, logsOf(t, nil, rec{body: "x", attrs: attrs{"loki.attribute.labels": long, long: "b", "loki.format": "raw"}}))
	assert.Contains(t, got[""], `{exporter="OTLP"}`, "a name that no label can have is not looked for")
}
