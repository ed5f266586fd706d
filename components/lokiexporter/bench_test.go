// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/assert"
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

// benchLogs are lines of benchStreams services, each line with an id of its own:
// about a third of their size remains when they are compressed.
func benchLogs(resource attrs, pairs int, now time.Time) plog.Logs {
	ids := rand.New(rand.NewPCG(1, 2))
	ld := plog.NewLogs()
	for i := range benchStreams {
		rl := ld.ResourceLogs().AppendEmpty()
		attributes := rl.Resource().Attributes()
		_ = attributes.FromRaw(resource)
		attributes.PutStr("service.name", fmt.Sprintf("cart-%d", i))
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		for j := range benchEntries / benchStreams {
			lr := records.AppendEmpty()
			at := now.Add(time.Duration(j) * time.Millisecond)
			lr.SetTimestamp(timestamp(at))
			line := fmt.Sprintf("%s INFO request served method=GET path=/api/v1/items/%d status=200 bytes=%d duration=%dus user=%d trace=%016x upstream=10.1.%d.%d:8080",
				at.Format(time.RFC3339Nano), ids.IntN(10_000), ids.IntN(100_000), ids.IntN(1_000_000), ids.IntN(100_000), ids.Uint64(), i, ids.IntN(256))
			lr.Body().SetStr((line + strings.Repeat(".", benchLine))[:benchLine])
			if resource["k8s.pod.name"] != nil {
				lr.SetSeverityNumber(plog.SeverityNumberInfo)
				lr.SetSeverityText("INFO")
			}
			for k, name := range []string{"log.iostream", "http.request.method", "http.route", "url.path", "thread.name"}[:pairs] {
				lr.Attributes().PutStr(name, fmt.Sprintf("value-%d-%d", k, ids.IntN(100)))
			}
		}
	}
	return ld
}

// container has no attribute that is not a label.
var container = attrs{"k8s.namespace.name": "shop", "k8s.container.name": "app"}

// BenchmarkEncode encodes and compresses a batch, as push does it.
func BenchmarkEncode(b *testing.B) {
	for _, bb := range []struct {
		name, yaml string
		resource   attrs
		pairs      int
	}{
		{"no metadata", "labels: {profile: alloy}", container, 0},
		{"five pairs", "labels: {profile: alloy}", container, 5},
		// Seven pairs of the resource, two of the record.
		{"pods", "labels: {profile: alloy}", pod, 1},
	} {
		now := time.Now()
		ld := benchLogs(bb.resource, bb.pairs, now)
		b.Run("exporter/"+bb.name, func(b *testing.B) {
			e := newEncoder(b, bb.yaml)
			encode := func() [][]*request {
				batch := e.batches.Get().(*batch)
				defer e.batches.Put(batch)
				e.encode(context.Background(), batch, ld, now)
				return batch.requests()
			}
			for _, r := range encode()[0] {
				e.known.accepted("", r.streams, now)
			}
			b.SetBytes(benchEntries * benchLine)
			measure(b, func() {
				// Loki has these streams, and they do not come faster than it allows.
				for key := range e.known.streams {
					e.known.streams[key] = knownStream{accepted: now}
				}
				if requests := encode(); len(requests) != 1 || len(requests[0]) != 1 {
					b.Fatal("not one request")
				}
			})
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

func TestNothingIsAllocatedForARecord(t *testing.T) {
	now := time.Now()
	for _, yaml := range []string{
		"labels: {profile: alloy}",
		"labels: {profile: otel, attributes: [level]}\nexternal_labels: {cluster: c}",
		"labels: {profile: none, resource_attributes: '*'}\nstructured_metadata: [thread.name, trace_id]\ntenant: {value: t}",
	} {
		e, ld := newEncoder(t, yaml), benchLogs(pod, 5, now)
		b := e.batches.Get().(*batch)
		allocations := testing.AllocsPerRun(20, func() {
			e.encode(context.Background(), b, ld, now)
			b.requests()
		})
		// What is left is for the requests.
		assert.Less(t, allocations, float64(benchEntries)/5, yaml)
	}
}
