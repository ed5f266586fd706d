// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// newEncoder returns an exporter that is only used to encode.
func newEncoder(t testing.TB, yaml string) *lokiExporter {
	t.Helper()
	config, err := load(t, yaml+"\nendpoint: http://loki:3100\ndead_letter: {path: none}")
	require.NoError(t, err)
	e, err := newExporter(config, exportertest.NewNopSettings(metadata.Type))
	require.NoError(t, err)
	return e
}

// Sizes of the benchmarks.
const (
	benchStreams = 10
	benchEntries = 1000
	benchLine    = 150
)

// benchLogs are lines of a web server, benchStreams of them at a time.
func benchLogs(pairs int, now time.Time) plog.Logs {
	ld := plog.NewLogs()
	for i := range benchStreams {
		rl := ld.ResourceLogs().AppendEmpty()
		attributes := rl.Resource().Attributes()
		attributes.PutStr("service.name", fmt.Sprintf("cart-%d", i))
		attributes.PutStr("k8s.namespace.name", "shop")
		attributes.PutStr("k8s.container.name", "app")
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		for j := range benchEntries / benchStreams {
			lr := records.AppendEmpty()
			at := now.Add(time.Duration(j) * time.Millisecond)
			lr.SetTimestamp(timestamp(at))
			line := fmt.Sprintf(`10.1.%d.%d - - [%s] "GET /api/v1/items/%d HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`,
				i, j, at.Format(time.RFC3339Nano), j*7919%1000, j*104729%9999)
			lr.Body().SetStr((line + "                    ")[:benchLine])
			for k, name := range []string{"http.request.method", "http.route", "url.path", "thread.name", "logger.name"}[:pairs] {
				lr.Attributes().PutStr(name, fmt.Sprintf("value-%d-%d", k, j%10))
			}
		}
	}
	return ld
}

// BenchmarkEncode encodes and compresses a batch, as push does it.
func BenchmarkEncode(b *testing.B) {
	for _, bb := range []struct {
		name, yaml string
		pairs      int
	}{
		{"no metadata", "labels: {profile: alloy}\nstructured_metadata: [none]", 0},
		{"five pairs", "labels: {profile: alloy}", 5},
	} {
		now := time.Now()
		ld := benchLogs(bb.pairs, now)
		b.Run("exporter/"+bb.name, func(b *testing.B) {
			e := newEncoder(b, bb.yaml)
			var requests [][]*request
			encode := func() {
				batch := e.batches.Get().(*batch)
				e.encode(context.Background(), batch, ld, now)
				requests = batch.requests()
				e.batches.Put(batch)
			}
			encode()
			e.known.accepted("", requests[0][0].streams, now)
			for _, r := range requests[0] {
				e.known.accepted("", r.streams, now)
			}
			b.SetBytes(benchEntries * benchLine)
			measure(b, encode)
		})
		b.Run("reference/"+bb.name, func(b *testing.B) {
			b.SetBytes(benchEntries * benchLine)
			measure(b, func() { reference(b, ld) })
		})
	}
}

// measure runs f and reports what an entry costs.
func measure(b *testing.B, f func()) {
	var before, after runtime.MemStats
	b.ReportAllocs()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for b.Loop() {
		f()
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	n := float64(b.N * benchEntries)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/entry")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/entry")
}

// reference does what is left to do for a program that has Loki's own code.
func reference(b *testing.B, ld plog.Logs) []byte {
	var p push.PushRequest
	for i := range ld.ResourceLogs().Len() {
		rl := ld.ResourceLogs().At(i)
		records := rl.ScopeLogs().At(0).LogRecords()
		s := push.Stream{Labels: `{container="app", job="shop/app", namespace="shop"}`, Entries: make([]push.Entry, 0, records.Len())}
		for j := range records.Len() {
			lr := records.At(j)
			e := push.Entry{Timestamp: lr.Timestamp().AsTime(), Line: lr.Body().Str()}
			for k, v := range lr.Attributes().All() {
				e.StructuredMetadata = append(e.StructuredMetadata, push.LabelAdapter{Name: k, Value: v.Str()})
			}
			s.Entries = append(s.Entries, e)
		}
		p.Streams = append(p.Streams, s)
	}
	raw, err := p.Marshal()
	require.NoError(b, err)
	return snappy.Encode(nil, raw)
}
