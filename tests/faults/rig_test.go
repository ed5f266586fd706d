// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// rig is what a row works with: a node's log folder, the collector, and a backend behind a gate.
type rig struct {
	t         testing.TB
	row       row
	column    column
	seed      uint64
	random    *rand.Rand
	began     time.Time
	collector *testkit.Collector
	process   *testkit.Process
	backend   backend
	gate      *gate
	oracle    *oracle
	// journal is where lines are printed to in place of files, in the columns of journald.
	journal    journal
	containers []*container
	// api is the API server, if pods are read, and pods are those that it knows.
	api      *kubeapi.Server
	pods     map[string]bool
	rotators []func()
	// crashes is how often the collector was killed; each may bring a window of duplicates.
	crashes int
	// again is how many bytes of lines may come twice because an answer to them was lost.
	again int
	// anyDuplicates is set by rows in which everything may come again.
	anyDuplicates bool
	// anyOrder is set by rows in which several batches are on their way, which the journal has only if it is told to.
	anyOrder bool
	// gaveUp is set when lines did not arrive in time; nobody waits for them again.
	gaveUp bool
	ready  time.Duration
	// judged is set when the row came to its end.
	judged bool
	// peak is the most memory that the collector had, in MiB.
	peak int

	mu sync.Mutex
	// events and notes are what was done to the collector, and figures of the row.
	events, notes []string
}

// newRig makes everything but the process.
func newRig(t testing.TB, row row, column column) *rig {
	t.Helper()
	// Built before anything is printed, or the row begins with what has piled up meanwhile.
	testkit.Binary(t)
	r := &rig{
		t: t, row: row, column: column, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		backend: column.backend(t), oracle: newOracle(),
	}
	r.gate = newGate(t, r.backend.url())
	file, variable := r.backend.config()
	r.collector = column.configure(r, file).Set(variable + "=" + r.gate.url())
	r.collector.Args = append(r.collector.Args, extraArgs...)
	require.NoError(t, os.MkdirAll(r.collector.PodLogs(), 0o755))
	t.Cleanup(r.explain)
	r.drainAlways()
	return r
}

// drainAlways hands what arrives to the oracle until the test ends.
func (r *rig) drainAlways() {
	draining, drained := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drained)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			r.drain()
			select {
			case <-tick.C:
			case <-draining:
				return
			}
		}
	}()
	r.t.Cleanup(func() {
		close(draining)
		<-drained
	})
}

func (r *rig) drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.backend.next() {
		r.oracle.take(a)
	}
}

// start starts the collector and waits until it is ready.
func (r *rig) start() {
	r.t.Helper()
	r.event("start")
	began := time.Now()
	r.process = r.collector.Start(r.t)
	r.ready = max(r.ready, time.Since(began))
}

// kill ends the collector with SIGKILL.
func (r *rig) kill() {
	r.t.Helper()
	r.event("kill -9")
	r.measure()
	r.crashes++
	r.process.Kill()
	r.process.Wait(r.t, exitLimit)
}

// stop ends the collector with SIGTERM. The row fails when that takes longer than the limit or ends with an error.
func (r *rig) stop(limit time.Duration) time.Duration {
	r.t.Helper()
	if r.process.Exited() {
		r.t.Error("the collector has ended by itself")
	}
	r.event("SIGTERM")
	r.measure()
	r.process.Terminate()
	code, took := r.process.Wait(r.t, limit)
	r.event("exit %d after %s", code, took.Round(time.Millisecond))
	if code != 0 {
		r.t.Errorf("exit code %d after SIGTERM", code)
	}
	return took
}

// rotate rotates the file of a container at an interval, as long as it prints.
func (r *rig) rotate(c *container, keep int, interval time.Duration) *rotator {
	if r.journal != nil {
		interval *= journalShare // All containers have the same one.
	}
	k := newRotator(c, keep)
	wait := k.every(interval)
	r.rotators = append(r.rotators, wait)
	r.t.Cleanup(func() {
		c.quiet()
		wait()
	})
	return k
}

// pass lets time go by while writers, rotators and faults do their work.
func (r *rig) pass(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.t.Context().Done():
	}
}

// eventually reports whether a condition came to hold, for rows that go on when it does not.
func (r *rig) eventually(timeout time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(timeout); !holds(); {
		if time.Now().After(deadline) || r.t.Context().Err() != nil {
			return false
		}
		r.pass(50 * time.Millisecond)
	}
	return true
}

// between is a random duration.
func (r *rig) between(from, to time.Duration) time.Duration {
	return from + time.Duration(r.random.Int64N(int64(to-from)))
}

// quiet ends all printing and rotating.
func (r *rig) quiet() {
	for _, c := range r.containers {
		c.quiet()
	}
	for _, wait := range r.rotators {
		wait()
	}
}

// settle lets the collector catch up, ends the printing, lets it deliver what is left, stops it, and judges. The backend
// must be healthy.
func (r *rig) settle() {
	r.t.Helper()
	r.caughtUp()
	r.quiet()
	r.await()
	if !r.t.Failed() {
		r.balance()
	}
	r.stop(exitLimit)
	r.judge()
}

// await waits until nothing is missing, as long as patience lasts.
func (r *rig) await() {
	began := time.Now()
	if r.gaveUp {
		return
	}
	done := func() bool { return r.oracle.counts().lost == 0 }
	// Nothing more comes from a collector that has ended.
	r.eventually(patience, func() bool { return done() || r.process.Exited() || r.givesUp() })
	if r.drain(); !done() {
		r.event("waited in vain for %.0fs", time.Since(began).Seconds())
		r.gaveUp = true
		return
	}
	if took := time.Since(began); took > time.Second {
		r.note("recovered in %.1fs", took.Seconds())
	}
}

// caughtUp waits until what was printed some seconds ago has arrived.
func (r *rig) caughtUp() {
	r.t.Helper()
	if !r.eventually(patience, func() bool { return r.oracle.behind() <= lagLimit || r.process.Exited() || r.givesUp() }) {
		r.t.Errorf("%s after the fault, lines from %s before are missing", patience, r.oracle.behind().Round(time.Second))
	}
}

// givesUp reports whether it makes no sense to wait for a pipeline that may lose lines: nothing has come for a while.
func (r *rig) givesUp() bool {
	return upstream.has(r.column) && time.Since(r.oracle.lastArrival()) > resignation
}

// judge fails the row when anything is not as promised.
func (r *rig) judge() {
	r.t.Helper()
	r.drain()
	r.judged = true
	c := r.oracle.counts()
	if lost := r.oracle.lost(); len(lost) > 0 {
		r.t.Errorf("%d of %d lines are lost:\n%s", c.lost, c.written, abridged(lost))
	}
	if wrong := r.oracle.wrongs(); len(wrong) > 0 {
		r.t.Errorf("%d records are wrong:\n%s", len(wrong), abridged(wrong))
	}
	if allowed := r.crashes*r.column.window + r.again; !r.anyDuplicates && c.dupBytes > allowed {
		r.t.Errorf("%d lines came more than once, %d bytes; %d crashes and lost answers allow %d:\n%s", c.duplicated, c.dupBytes, r.crashes,
			allowed, abridged(r.oracle.duplicated()))
	}
	// Loki gets the entries of a request stream by stream.
	if r.column.is == journalToOTLP && c.reordered > 0 && !r.anyOrder {
		r.t.Errorf("%d entries came after a later one:\n%s", c.reordered, abridged(r.oracle.late))
	}
	if r.peak > memoryLimit {
		r.t.Errorf("the collector had %d MiB of memory", r.peak)
	}
}

// event notes what was done to the collector, for the time line of a failure.
func (r *rig) event(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, time.Now().UTC().Format(clock)+"  "+fmt.Sprintf(format, args...))
}

// note adds a figure to the row's line in the table.
func (r *rig) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// explain ends a row: its figures, and for a failure what happened when, and how to see it again.
func (r *rig) explain() {
	verdict := "ok  "
	switch {
	case upstream.has(r.column):
		verdict = "seen"
	case r.t.Failed():
		verdict = "FAIL"
	}
	results.add(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	asked, troubled := r.gate.seen()
	r.t.Logf("%s %s in %.1fs: %s; %d kills, ready in %.1fs, %d MiB, %d requests, %d of them troubled; %s", verdict, r.t.Name(),
		time.Since(r.began).Seconds(), r.oracle.counts(), r.crashes, r.ready.Seconds(), r.peak, asked, troubled, strings.Join(r.notes, ", "))
	if o, ok := r.t.(*observer); ok {
		r.t.Logf("%s", strings.Join(o.failures, "\n"))
	} else if r.t.Failed() {
		r.t.Logf("what happened, in UTC:\n  %s", strings.Join(r.events, "\n  "))
		r.t.Logf("the same again: TRIBUTARY_FAULT_SEED=%d go test ./tests/faults -count=1 -v -run '%s$'", r.seed, r.t.Name())
	}
}

// measure notes how much memory the collector had so far.
func (r *rig) measure() { r.peak = max(r.peak, r.memory("VmHWM")) }

// memory returns a value of the process's status, such as VmRSS, in MiB; 0 where the system has none.
func (r *rig) memory(key string) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.Pid()))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == key+":" {
			kib, _ := strconv.Atoi(fields[1])
			return kib >> 10
		}
	}
	return 0
}
