// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"testing"
	"time"

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
			require.Greater(t, refused, 0, "times and tenants that there are not")
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

// FuzzLogs does the same with logs as they come over the wire.
func FuzzLogs(f *testing.F) {
	marshaler := &plog.ProtoMarshaler{}
	seedLogs := func(ld plog.Logs) {
		data, err := marshaler.MarshalLogs(ld)
		require.NoError(f, err)
		for way := range everyWay {
			f.Add(uint8(way), data)
		}
	}
	seedLogs(logsOf(f, pod, rec{body: "hello", attrs: attrs{"a": "b", "level": "info"}}))
	seedLogs(logsOf(f, attrs{"日志": "\xff", "__x": "y", "": ""}, rec{body: map[string]any{"": "\x00"}, attrs: attrs{"loki.attribute.labels": "a,日志", "日志": []any{1, "\xff"}}}))
	f.Fuzz(func(t *testing.T, way uint8, data []byte) {
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(data)
		if err != nil {
			return
		}
		next := ticking()
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					lr.SetTimestamp(timestamp(next()))
				}
			}
		}
		loki := unlimited(t)
		e := run(t, loki.URL(), everyWay[int(way)%len(everyWay)])
		e.send(t, ld)
		for _, request := range loki.Requests() {
			require.Equal(t, 204, request.Status, request.Answer)
		}
		require.Equal(t, ld.LogRecordCount(), loki.Count()+e.sum(t, "refused_log_records"))
	})
}
