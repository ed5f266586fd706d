// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// everyWay are configurations that between them use all there is.
var everyWay = []string{
	"",
	"format: logfmt\nexternal_labels: {cluster: c, level: outer}",
	"default_labels_enabled: {exporter: false, job: false, instance: false, level: false}\nformat: raw",
	"labels: {profile: alloy}",
	"labels: {profile: alloy, attributes: [level, log.file.path]}\nexternal_labels: {cluster: c, k8s_cluster_name: c}",
	"labels: {profile: otel, attributes: {level: level, a: a}}",
	"labels: {profile: none, resource_attributes: '*', attributes: [level, a, a.b, job, 日志, service.name]}",
	"labels: {profile: otel, resource_attributes: ['*', 日志], templates: {job: '{a}/{b}', t: '{日志|a}'}}\nstructured_metadata: none",
	"labels: {profile: none}\nstructured_metadata: [a, 日志, pod, trace_id]\nformat: json",
	"labels: {profile: none, resource_attributes: '*'}\nlimits: {max_label_names: 3, max_label_value_bytes: 16, max_metadata_pairs: 4, max_metadata_bytes: 50, max_line_bytes: 1024, long_lines: truncate}",
	"labels: {profile: alloy}\nmax_request_bytes: 65536\ntenant: {value: t, attribute: a}\nlimits: {long_lines: refuse}",
}

// unlimited is a Loki that only looks at single streams and entries.
func unlimited(t testing.TB) *lokifake.Server {
	return lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{
		RateBytes: -1, BurstBytes: -1, StreamRateBytes: -1, StreamBurstBytes: -1, Streams: -1,
	}})
}

func (r random) hostileValue(v pcommon.Value, depth int) {
	switch r.IntN(10) {
	case 0:
		v.SetInt(r.nanos())
	case 1:
		v.SetBool(r.odd(2))
	case 2:
		v.SetDouble(one(r, 0, -1.5, 1e300, r.NormFloat64()))
	case 3:
		v.SetEmptyBytes().FromRaw([]byte(r.text(3000)))
	case 4:
		s := v.SetEmptySlice()
		for range r.IntN(3) * min(depth, 1) {
			r.hostileValue(s.AppendEmpty(), depth-1)
		}
	case 5:
		if depth > 0 {
			r.hostileAttributes(v.SetEmptyMap(), depth-1)
		}
	default:
		v.SetStr(r.text(3000))
	}
}

func (r random) hostileAttributes(m pcommon.Map, depth int) {
	for range one(r, 0, 1, 3, 10, 30) {
		r.hostileValue(m.PutEmpty(r.text(1500)), depth)
	}
	if r.odd(3) {
		r.hostileValue(m.PutEmpty(one(r, hintAttributeLabels, hintResourceLabels, hintFormat, hintTenant, tenantAttribute)), depth)
	}
	for range r.IntN(3) {
		r.hostileValue(m.PutEmpty(one(r, "a", "level", "job", "service.name", "k8s.pod.name", "k8s.namespace.name", "k8s.container.name", "log.file.path")), depth)
	}
	if r.odd(100) {
		for range 150 {
			m.PutStr(r.word(6), r.text(100))
		}
	}
}

// hostileLogs are logs that nobody should send. No two have the same time.
func (r random) hostileLogs(next func() time.Time) plog.Logs {
	ld := plog.NewLogs()
	for range r.IntN(4) {
		rl := ld.ResourceLogs().AppendEmpty()
		r.hostileAttributes(rl.Resource().Attributes(), 2)
		for range r.IntN(3) {
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(r.text(3000))
			sl.Scope().SetVersion(r.text(20))
			r.hostileAttributes(sl.Scope().Attributes(), 1)
			for range r.IntN(6) {
				lr := sl.LogRecords().AppendEmpty()
				r.hostileAttributes(lr.Attributes(), 2)
				r.hostileValue(lr.Body(), 3)
				lr.SetSeverityNumber(plog.SeverityNumber(r.IntN(40) - 5))
				lr.SetSeverityText(r.text(50))
				lr.SetTimestamp(timestamp(next()))
				if r.odd(20) {
					lr.SetTimestamp(pcommon.Timestamp(one(r, uint64(1), 1<<63, 1<<64-1, 1<<63-1)))
				}
				if r.odd(3) {
					lr.SetTraceID(pcommon.TraceID{byte(r.Uint32())})
				}
			}
		}
	}
	return ld
}

// ticking returns times of the last minutes, each later than the one before.
func ticking() func() time.Time {
	at := time.Now().Add(-10 * time.Minute)
	return func() time.Time { at = at.Add(time.Microsecond); return at }
}

// TestRequestsAreAcceptable looks at what would be sent, many times.
func TestRequestsAreAcceptable(t *testing.T) {
	for _, yaml := range everyWay {
		t.Run(yaml, func(t *testing.T) {
			e, next := newEncoder(t, yaml), ticking()
			b := e.batches.Get().(*batch)
			seeds(t, 300, func(t *testing.T, r random) {
				ld := r.hostileLogs(next)
				e.encode(context.Background(), b, ld, time.Now())
				entries := requireAcceptable(t, e, b.requests())
				require.Equal(t, ld.LogRecordCount(), entries+len(b.refused))
				b.refused = nil
			})
		})
	}
}

// TestNothingProvokesLoki sends whatever there may be. Loki never has a reason to
// complain, and all of it is there afterwards.
func TestNothingProvokesLoki(t *testing.T) {
	for _, yaml := range everyWay {
		t.Run(yaml, func(t *testing.T) {
			loki := unlimited(t)
			e := run(t, loki.URL(), yaml)
			next, records, refused := ticking(), 0, 0
			seeds(t, 60, func(t *testing.T, r random) {
				ld := r.hostileLogs(next)
				e.send(t, ld)
				records += ld.LogRecordCount()
			})
			for _, request := range loki.Requests() {
				require.Equal(t, 204, request.Status, request.Answer)
			}
			refused = e.sum(t, "refused_log_records")
			require.Positive(t, refused, "times and tenants that there are not")
			require.Equal(t, records, e.sum(t, "delivered_log_records")+refused)
			require.Equal(t, records, loki.Count()+refused)
			require.Equal(t, refused, e.sum(t, "refused_log_records", "reason", reasonTooOld)+
				e.sum(t, "refused_log_records", "reason", reasonTooNew)+e.sum(t, "refused_log_records", "reason", reasonTenant))
			require.Len(t, e.letters(t), refused)
			for _, entry := range loki.Entries("") {
				for name := range entry.Labels {
					require.True(t, legalName(name), name)
				}
				for _, pair := range entry.Metadata {
					require.Regexp(t, legal, pair.Name)
				}
			}
		})
	}
}

// FuzzLogs encodes logs with a name, a value and a body in every place where one can
// be.
func FuzzLogs(f *testing.F) {
	for way := range everyWay {
		f.Add(uint8(way), "http.method", "GET", "a=b", "v1")
		f.Add(uint8(way), "日志", "\xff", "\x00", "")
		f.Add(uint8(way), "a", "\uFFFD", "{}", "__x")
		f.Add(uint8(way), hintAttributeLabels, "a,b.c", `{"a":1}`, hintTenant)
	}
	var encoders []*lokiExporter
	for _, yaml := range everyWay {
		encoders = append(encoders, newEncoder(f, yaml))
	}
	f.Fuzz(func(t *testing.T, way uint8, name, value, body, other string) {
		fill := func(m pcommon.Map) {
			m.PutStr(name, value)
			m.PutStr(other, name)
			nested := m.PutEmptyMap(name + "." + other)
			nested.PutStr(value, body)
			nested.PutEmptyMap(name).PutStr(other, value)
			m.PutEmptySlice(value).AppendEmpty().SetStr(name)
		}
		ld, next := plog.NewLogs(), ticking()
		rl := ld.ResourceLogs().AppendEmpty()
		fill(rl.Resource().Attributes())
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(name)
		sl.Scope().SetVersion(value)
		fill(sl.Scope().Attributes())
		for _, hint := range []string{"", hintAttributeLabels, hintResourceLabels, hintFormat, hintTenant, tenantAttribute, levelAttribute} {
			lr := sl.LogRecords().AppendEmpty()
			lr.SetTimestamp(timestamp(next()))
			lr.SetSeverityText(other)
			lr.Body().SetStr(body)
			if hint == hintFormat {
				fill(lr.Body().SetEmptyMap())
			}
			fill(lr.Attributes())
			lr.Attributes().PutStr(hint, name)
		}
		e := encoders[int(way)%len(encoders)]
		b := e.batches.Get().(*batch)
		e.encode(context.Background(), b, ld, time.Now())
		entries := requireAcceptable(t, e, b.requests())
		require.Equal(t, ld.LogRecordCount(), entries+len(b.refused))
		b.refused = nil
		e.batches.Put(b)
	})
}

// oneLabel is the first label of a list in Loki's text form.
var oneLabel = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)=("(?:[^"\\]|\\.)*")(?:, )?`)

// requireAcceptable checks requests for all that Loki could refuse, and returns the
// number of their entries.
func requireAcceptable(t testing.TB, e *lokiExporter, all [][]*request) int {
	t.Helper()
	limits, entries := e.config.Limits, 0
	for _, requests := range all {
		for _, r := range requests {
			require.NoError(t, checkTenant(r.tenant))
			raw, err := snappy.Decode(nil, r.body)
			require.NoError(t, err)
			require.LessOrEqual(t, len(raw), e.config.MaxRequestBytes)
			var p push.PushRequest
			require.NoError(t, p.Unmarshal(raw))
			for _, s := range p.Streams {
				requireLabels(t, s.Labels, limits)
				require.NotEmpty(t, s.Entries)
				entries += len(s.Entries)
				for _, entry := range s.Entries {
					require.LessOrEqual(t, len(entry.Line), limits.MaxLineBytes)
					require.LessOrEqual(t, len(entry.StructuredMetadata), limits.MaxMetadataPairs)
					size, names := 0, map[string]bool{}
					for _, pair := range entry.StructuredMetadata {
						require.True(t, legalName(pair.Name), pair.Name)
						_, err := (&otlptranslator.LabelNamer{}).Build(pair.Name)
						require.NoError(t, err)
						require.False(t, names[pair.Name], "%s is there twice", pair.Name)
						require.NotEmpty(t, pair.Value)
						require.True(t, utf8.ValidString(pair.Value))
						names[pair.Name] = true
						size += len(pair.Name) + len(pair.Value)
					}
					require.LessOrEqual(t, size, limits.MaxMetadataBytes)
				}
			}
		}
	}
	return entries
}

func requireLabels(t testing.TB, text string, limits LimitsConfig) {
	t.Helper()
	require.Regexp(t, `^\{.+\}$`, strings.ReplaceAll(text, "\n", ""))
	before, count := "", 0
	for rest := text[1 : len(text)-1]; rest != ""; {
		m := oneLabel.FindStringSubmatch(rest)
		require.NotNil(t, m, "%s in %s", rest, text)
		require.True(t, legalName(m[1]), m[1])
		require.Less(t, before, m[1], "sorted, each once")
		value, err := strconv.Unquote(m[2])
		require.NoError(t, err)
		require.NotEmpty(t, value)
		require.LessOrEqual(t, len(value), limits.MaxLabelValueBytes)
		require.NotContains(t, value, "\uFFFD")
		require.True(t, utf8.ValidString(value))
		if before = m[1]; before != serviceNameLabel {
			count++
		}
		rest = rest[len(m[0]):]
	}
	require.LessOrEqual(t, count, limits.MaxLabelNames)
}
