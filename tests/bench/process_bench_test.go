// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// BenchmarkStart reports the size of the binary, the time from exec to running pipelines, and the memory of a
// collector that has nothing to do.
func BenchmarkStart(b *testing.B) {
	info, err := os.Stat(testkit.Binary(b))
	if err != nil {
		b.Fatal(err)
	}
	var ready time.Duration
	var rss, anonymous, cpu, start float64
	for b.Loop() {
		c := testkit.NewCollector(b, "local.yaml", "backends/debug.yaml").Set("TRIBUTARY_LOG_LEVEL=info")
		begin := time.Now()
		p := c.Start(b)
		ready += time.Since(begin)
		used, err := testkit.CPUTime(p.Pid())
		if err != nil {
			b.Fatal(err)
		}
		start += used.Seconds()
		// Idle is what it is after the first polls.
		s, err := watch(p.Pid())
		if err != nil {
			b.Fatal(err)
		}
		pass(10 * time.Second)
		u, err := s.Stop()
		if err != nil {
			b.Fatal(err)
		}
		cpu += u.Percent()
		rss += u.MeanRSS
		anonymous += u.MeanAnonymous
		p.Stop(b)
	}
	n := float64(b.N)
	b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
	b.ReportMetric(float64(ready.Milliseconds())/n, "ms-to-ready")
	b.ReportMetric(start/n, "CPU-s-start")
	b.ReportMetric(rss/n, "MB-idle-rss")
	b.ReportMetric(anonymous/n, "MB-idle-anonymous")
	b.ReportMetric(cpu/n, "%core-idle")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRefuse reports how long a broken configuration takes to be refused.
func BenchmarkRefuse(b *testing.B) {
	file := filepath.Join(b.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte("receivers:\n  otlp:\n    protocolls:\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	testkit.Binary(b)
	var sum time.Duration
	for b.Loop() {
		p := testkit.Start(b, testkit.Options{Args: []string{"--config=" + file}})
		_, elapsed := p.Wait(b, testkit.StartTimeout)
		sum += elapsed
	}
	b.ReportMetric(float64(sum.Milliseconds())/float64(b.N), "ms-to-exit")
	b.ReportMetric(0, "ns/op")
}
