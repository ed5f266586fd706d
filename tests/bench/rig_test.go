// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// patience is how long nothing may arrive before the rest is taken for lost.
const patience = 60 * time.Second

// rig is one collector, and the sink it sends to.
type rig struct {
	b        *testing.B
	pipeline pipeline
	sink     *sink
	// api knows the pods; nil for the stock pipeline.
	api       *kubeapi.Server
	collector *testkit.Collector
	process   *testkit.Process
}

func newRig(b *testing.B, p pipeline, files int) *rig {
	b.Helper()
	describe(b)
	r := &rig{b: b, pipeline: p, sink: startSink(b)}
	r.collector, r.api = p.collector(b, r.sink, files)
	return r
}

// start starts the collector, and returns when its pipelines run.
func (r *rig) start() { r.process = r.collector.Start(r.b) }

// backlog writes log files, before or after the start.
func (r *rig) backlog(files, records int) (written []int) {
	written, err := writeBacklog(r.collector.PodLogs(), files, records)
	r.must(err)
	return written
}

// watch measures until the function returns.
func (r *rig) watch(until func()) usage {
	s, err := watch(r.process.Pid())
	r.must(err)
	until()
	u, err := s.Stop()
	r.must(err)
	return u
}

// cpu is the CPU time of the collector so far.
func (r *rig) cpu() time.Duration {
	used, err := testkit.CPUTime(r.process.Pid())
	r.must(err)
	return used
}

// wait waits for so many records, and fails the benchmark when they do not come.
func (r *rig) wait(count int, written []int) {
	r.b.Helper()
	if r.sink.Wait(count, patience, r.process.Exited) {
		return
	}
	diff, err := r.sink.Check(written)
	r.b.Fatalf("%s: the collector has ended (%t), or nothing arrived for %s: %+v; the first request that could not be taken: %v",
		r.pipeline, r.process.Exited(), patience, diff, err)
}

// finish stops the collector and fails the benchmark unless every record arrived once.
func (r *rig) finish(written []int) tally {
	r.process.Stop(r.b)
	diff, err := r.sink.Check(written)
	r.must(err)
	if diff != (tally{}) {
		r.b.Errorf("%s: of the records written, %+v", r.pipeline, diff)
	}
	r.must(os.RemoveAll(r.collector.PodLogs()))
	return diff
}

func (r *rig) must(err error) {
	r.b.Helper()
	if err != nil {
		r.b.Fatal(err)
	}
}

// pass lets time pass: doing nothing is what is measured.
func pass(d time.Duration) { <-time.After(d) }

// record keeps one measurement for the table.
func record(t *table, key workload, p pipeline, metrics map[string]float64) {
	for metric, value := range metrics {
		t.add(key, p, metric, value)
	}
}

// report gives the benchmark the medians of what was kept.
func report(b *testing.B, t *table, key workload, p pipeline) {
	for metric, value := range t.metrics(key, p) {
		b.ReportMetric(value, metric)
	}
	b.ReportMetric(0, "ns/op")
}
