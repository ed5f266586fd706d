// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// BenchmarkStart reports the size of the binary, the time from exec to running pipelines, and the memory of a
// collector that has nothing to do.
func BenchmarkStart(b *testing.B) {
	info, err := os.Stat(testkit.Binary(b))
	if err != nil {
		b.Fatal(err)
	}
	var ready time.Duration
	var rss, anonymous, cpu float64
	for b.Loop() {
		c := testkit.NewCollector(b, "local.yaml", "backends/debug.yaml").Set("TRIBUTARY_LOG_LEVEL=info")
		begin := time.Now()
		p := c.Start(b)
		ready += time.Since(begin)
		// Idle is what it is after the first polls.
		before := cpuSeconds(b, p)
		wait(10 * time.Second)
		cpu += (cpuSeconds(b, p) - before) / 10 * 100
		rss += status(b, p, "VmRSS")
		anonymous += status(b, p, "RssAnon")
		p.Stop(b)
	}
	n := float64(b.N)
	b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
	b.ReportMetric(float64(ready.Milliseconds())/n, "ms-to-ready")
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

// BenchmarkBacklog reports the CPU seconds that a million container lines cost from file to backend, all of kubernetes.yaml
// in between, and the peak memory. The machine's speed cancels out only in ratios: compare runs on one machine.
func BenchmarkBacklog(b *testing.B) {
	b.Run("otlp", func(b *testing.B) {
		backlog(b, func() (config string, env string, wait func(n int)) {
			backend := testkit.StartBackend(b)
			return "otlp", "TRIBUTARY_OTLP_URL=" + backend.HTTPURL(), func(n int) { backend.WaitRecords(b, n, 10*time.Minute) }
		})
	})
	b.Run("loki", func(b *testing.B) {
		backlog(b, func() (config string, env string, wait func(n int)) {
			loki := lokifake.Start(b, lokifake.Options{Limits: lokifake.Limits{RateBytes: -1, StreamRateBytes: -1}})
			return "loki", "TRIBUTARY_LOKI_URL=" + loki.URL(), func(n int) { loki.WaitEntries(b, n, 10*time.Minute) }
		})
	})
}

func backlog(b *testing.B, start func() (config, env string, wait func(n int))) {
	const lines = 200_000
	var cpu, peak float64
	for b.Loop() {
		config, env, wait := start()
		c := testkit.NewCollector(b, "kubernetes.yaml", "backends/"+config+".yaml").Set(env,
			"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeapi.Start(b).Kubeconfig(b))
		want := testkit.Generate(b, c.PodLogs(), testkit.GenerateOptions{Seed: 7, Pods: 10, Lines: lines, Start: time.Now().Add(-time.Minute)})
		p := c.Start(b)
		wait(len(want))
		cpu += cpuSeconds(b, p) / lines * 1e6
		peak += status(b, p, "VmHWM")
		p.Stop(b)
	}
	b.ReportMetric(cpu/float64(b.N), "CPU-s/Mline")
	b.ReportMetric(peak/float64(b.N), "MB-peak-rss")
	b.ReportMetric(0, "ns/op")
}

// wait lets time pass: idling is what is measured.
func wait(d time.Duration) { <-time.After(d) }

// status reads one memory figure of the process, in megabytes.
func status(b *testing.B, p *testkit.Process, key string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib * 1024 / 1e6
		}
	}
	b.Fatalf("no %s in /proc/%d/status", key, p.Pid())
	return 0
}

// cpuSeconds is the user and system time of the process so far; the kernel counts in hundredths of a second.
func cpuSeconds(b *testing.B, p *testkit.Process) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
	if err != nil {
		b.Fatal(err)
	}
	// The name, in brackets, may hold blanks; utime and stime are fields 14 and 15.
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	var ticks float64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return ticks / 100
}
