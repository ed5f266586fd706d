// SPDX-License-Identifier: Apache-2.0

//go:build unix

package podlogsreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/tributary-otel/tributary/components/internal/outlet"
	"github.com/tributary-otel/tributary/components/internal/tail"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// chunkOf is a chunk of lines of 200 bytes each, as internal/tail hands it on.
func chunkOf(bytes int) (data []byte, lines int) {
	body := strings.Repeat("x", 200-len(out+"F \n"))
	lines = bytes / 200
	return []byte(strings.Repeat(out+"F "+body+"\n", lines)), lines
}

// What a line costs until it is in a batch, without limits, within those of its pod and its
// namespace, and above them. Batches are thrown away.
func BenchmarkTake(b *testing.B) {
	within := LimitConfig{LinesPerSecond: 1e12, BytesPerSecond: 1e15, Policy: policyDrop, Burst: time.Hour}
	above := LimitConfig{LinesPerSecond: 1, Policy: policyDrop, Burst: time.Second}
	for name, limit := range map[string]LimitConfig{"without limits": noLimit, "within limits": within, "above limits": above} {
		b.Run(name, func(b *testing.B) {
			benchmarkTake(b, newDesk(b, func(c *Config) { c.RateLimit = RateLimitConfig{Pod: limit, Namespace: limit} }))
		})
	}
}

func benchmarkTake(b *testing.B, d *desk) {
	in := d.open(tail.Position{})
	data, records := chunkOf(256 << 10)
	d.batch.limits.MaxRecords, d.batch.limits.MaxBytes = 1<<20, 1<<30
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in.Take(tail.Chunk{Data: data, Start: in.lineEnd})
		d.batch.take()
		d.batch.next(d.window.NewBatch())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}

// What a record costs on its way from a batch to the pipeline.
func BenchmarkLogs(b *testing.B) {
	d := newDesk(b, nil)
	d.batch.limits.MaxRecords, d.batch.limits.MaxBytes = 1<<20, 1<<30
	data, _ := chunkOf(40_000)
	for range 10 {
		d.open(tail.Position{}).Take(tail.Chunk{Data: data})
	}
	l := d.batch.take()
	b.ReportAllocs()
	for b.Loop() {
		l.logs()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*l.Len()), "ns/record")
}

// All of it, from ten files to a pipeline that does nothing.
func BenchmarkReceiver(b *testing.B) {
	const files, bytes = 10, 20_000_000
	data, records := chunkOf(bytes)
	pods := b.TempDir()
	for i := range files {
		path := filepath.Join(pods, fmt.Sprintf("shop_web-%d_uid-%d/main/0.log", i, i))
		require.NoError(b, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(b, os.WriteFile(path, append([]byte(fmt.Sprintf("file %d\n", i)), data...), 0o644))
	}
	var used time.Duration
	for b.Loop() {
		config := createDefaultConfig().(*Config)
		config.Path, config.DeadLetter.Path, config.Spill.Directory = pods, outlet.None, outlet.None
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), config, consumertest.NewNop())
		require.NoError(b, err)
		before := cpuTime(b)
		require.NoError(b, r.Start(b.Context(), componenttest.NewNopHost()))
		require.Eventually(b, func() bool { return r.window.Stats().Delivered.Records == int64(files*(records+1)) }, time.Minute, time.Millisecond)
		used += cpuTime(b) - before
		require.NoError(b, r.Shutdown(b.Context()))
	}
	b.ReportMetric(used.Seconds()*1e6/float64(b.N*files*(records+1)), "cpu-s/million")
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
