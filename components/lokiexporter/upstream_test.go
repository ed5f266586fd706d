// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/loki"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// entriesByStream are entries by tenant and labels, in their order.
type entriesByStream map[string]map[string][]simpleEntry

type simpleEntry struct {
	nanos int64
	line  string
}

func (s entriesByStream) add(tenant, labels string, e simpleEntry) {
	if s[tenant] == nil {
		s[tenant] = map[string][]simpleEntry{}
	}
	s[tenant][labels] = append(s[tenant][labels], e)
}

// fromHere returns what this exporter makes of logs.
func fromHere(t testing.TB, e *lokiExporter, ld plog.Logs) entriesByStream {
	t.Helper()
	b := e.batches.Get().(*batch)
	e.encode(context.Background(), b, ld, time.Now())
	all := entriesByStream{}
	for _, requests := range b.requests() {
		for _, r := range requests {
			streams, err := r.decode()
			require.NoError(t, err)
			for _, s := range streams {
				for _, encoded := range s.entries {
					entry, err := decodeEntry(encoded)
					require.NoError(t, err)
					require.Empty(t, entry.metadata)
					all.add(r.tenant, s.labels, simpleEntry{entry.nanos, entry.line})
				}
			}
		}
	}
	b.refused = nil
	e.batches.Put(b)
	return all
}

// fromUpstream returns what the removed upstream exporter made of logs.
func fromUpstream(ld plog.Logs, defaults map[string]bool) entriesByStream {
	all := entriesByStream{}
	for tenant, request := range loki.LogsToLokiRequests(ld, defaults) {
		for _, s := range request.Streams {
			labels := s.Labels
			if labels == "{}" {
				labels = `{service_name="unknown_service"}` // As Loki files it.
			}
			for _, entry := range s.Entries {
				all.add(tenant, labels, simpleEntry{entry.Timestamp.UnixNano(), entry.Line})
			}
		}
	}
	return all
}

// Names of attributes whose labels do not collide.
var upstreamNames = []string{
	"service.name", "service.namespace", "service.instance.id", "host.name", "http.method", "http.status_code", "level", "job", "instance",
	"exporter", "k8s.pod.labels.app.kubernetes.io/name", "2nd", "with space", "slash/name", "nested", "list", "deep", "_x", "Größe",
}

// Paths of hints, some of which lead into maps or nowhere.
var upstreamPaths = append([]string{"nested.a", "nested.b.c", "nested.b", "deep.x.y.z", "deep.x", "absent", "absent.too", "nested.absent", "list.0", ""}, upstreamNames...)

// value sets any value that does not become an empty text.
func (r random) value(v pcommon.Value, depth int) {
	switch r.IntN(9) {
	case 0:
		v.SetInt(r.Int64() - r.Int64())
	case 1:
		v.SetBool(r.odd(2))
	case 2:
		v.SetDouble(r.NormFloat64() * 1e6)
	case 3:
		v.SetEmptyBytes().FromRaw([]byte(r.word(1 + r.IntN(5))))
	case 4:
		if depth > 0 {
			for range 1 + r.IntN(3) {
				r.value(v.SetEmptySlice().AppendEmpty(), depth-1)
			}
			return
		}
		v.SetStr("flat")
	case 5:
		if depth > 0 {
			m := v.SetEmptyMap()
			for range 1 + r.IntN(3) {
				r.value(m.PutEmpty(one(r, "a", "b", "c", "x", "y", "z", "severity", "with space")), depth-1)
			}
			return
		}
		v.SetStr("flat")
	default:
		v.SetStr(one(r, "v", "two words", "quo\"te", "back\\slash", "line\nbreak", "日志", "🚰", "a,b", "{x=\"y\"}", "null", "\u00a0", r.word(1+r.IntN(20))))
	}
}

func (r random) upstreamAttributes(m pcommon.Map) {
	for range r.IntN(7) {
		name := one(r, upstreamNames...)
		v := m.PutEmpty(name)
		switch name {
		case "nested":
			nested := v.SetEmptyMap()
			nested.PutStr("a", r.word(3))
			nested.PutEmptyMap("b").PutStr("c", r.word(3))
		case "deep":
			// One map by the name `x.y` within the other.
			v.SetEmptyMap().PutEmptyMap("x.y").PutStr("z", r.word(3))
		default:
			r.value(v, 2)
		}
	}
	if r.odd(5) {
		m.PutEmpty("empty") // No hint names it.
		m.PutStr("empty text", "")
	}
}

// hint is a list of paths in one of the forms that people write.
func (r random) hint(v pcommon.Value) {
	var paths []string
	for range 1 + r.IntN(4) {
		paths = append(paths, one(r, upstreamPaths...))
	}
	if r.odd(2) {
		s := v.SetEmptySlice()
		for _, p := range paths {
			s.AppendEmpty().SetStr(one(r, "", " ") + p)
		}
		return
	}
	v.SetStr(strings.Join(paths, one(r, ",", ", ", " , ")))
}

func (r random) upstreamHints(m pcommon.Map) {
	if r.odd(5) {
		m.PutStr(hintFormat, one(r, formatJSON, formatLogfmt, formatRaw))
	}
	if r.odd(5) {
		m.PutStr(hintTenant, one(r, "tenant", "other.tenant", "absent"))
	}
	if r.odd(3) {
		m.PutStr(one(r, "tenant", "other.tenant"), one(r, "red", "green", "blue"))
	}
	if r.odd(2) {
		r.hint(m.PutEmpty(hintResourceLabels))
	}
}

// upstreamLogs are logs that the removed upstream exporter sent as they deserve.
func (r random) upstreamLogs() plog.Logs {
	ld := plog.NewLogs()
	for range 1 + r.IntN(3) {
		rl := ld.ResourceLogs().AppendEmpty()
		r.upstreamAttributes(rl.Resource().Attributes())
		r.upstreamHints(rl.Resource().Attributes())
		for range 1 + r.IntN(2) {
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(one(r, "", "scope"))
			sl.Scope().SetVersion(one(r, "", "v1"))
			if r.odd(2) {
				r.upstreamAttributes(sl.Scope().Attributes())
			}
			for range r.IntN(5) {
				r.upstreamRecord(sl.LogRecords().AppendEmpty())
			}
		}
	}
	return ld
}

func (r random) upstreamRecord(lr plog.LogRecord) {
	// Older ones are put in order, which upstream did not do.
	at := timestamp(time.Now().Add(-time.Duration(r.Int64N(int64(behindAfter - time.Minute)))))
	if r.odd(4) {
		lr.SetObservedTimestamp(at)
	} else {
		lr.SetTimestamp(at)
	}
	r.upstreamAttributes(lr.Attributes())
	if r.odd(3) {
		r.upstreamHints(lr.Attributes())
	}
	if r.odd(2) {
		r.hint(lr.Attributes().PutEmpty(hintAttributeLabels))
	}
	lr.SetSeverityNumber(plog.SeverityNumber(r.IntN(25)))
	lr.SetSeverityText(one(r, "", "Warning", "INFO"))
	if r.odd(3) {
		lr.SetTraceID(pcommon.TraceID{1, 2, byte(r.Uint32())})
		lr.SetSpanID(pcommon.SpanID{3, 4, byte(r.Uint32())})
	}
	lr.SetFlags(plog.LogRecordFlags(one(r, 0, 1)))
	switch r.IntN(3) {
	case 0:
		lr.Body().SetStr(one(r, "", "hello", `a=b msg="x y" level=warn`, "severity=INFO traceID=x", "a= b", "k", "=x", `a="b`, "two\nlines=2", "a=b\nc=d", "日志=🚰", "\x1b[31mred", "{}"))
	case 1:
		r.value(lr.Body(), 3)
	}
	if lr.Body().Type() == pcommon.ValueTypeBytes {
		lr.Body().SetStr("bytes") // See below.
	}
}

// TestWithoutLabelsAllIsAsUpstreamHadIt holds this exporter against the library
// that made the requests of the removed upstream exporter.
func TestWithoutLabelsAllIsAsUpstreamHadIt(t *testing.T) {
	entries := 0
	seeds(t, 4000, func(t *testing.T, r random) {
		var defaults map[string]bool
		for _, name := range upstreamLabels {
			if r.odd(4) {
				if defaults == nil {
					defaults = map[string]bool{}
				}
				defaults[name] = r.odd(3)
			}
		}
		e := newEncoder(t, "")
		e.config.DefaultLabelsEnabled = defaults
		ld := r.upstreamLogs()
		want := fromUpstream(ld, defaults)
		require.Equal(t, want, fromHere(t, e, ld))
		for _, streams := range want {
			for _, s := range streams {
				entries += len(s)
			}
		}
	})
	assert.Greater(t, entries, 10_000)
}

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
}
