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
	t          testing.TB
	seed       uint64
	random     *rand.Rand
	began      time.Time
	collector  *testkit.Collector
	process    *testkit.Process
	backend    backend
	gate       *gate
	oracle     *oracle
	containers []*container
	rotators   []func()
	// crashes is how often the collector was killed; each may bring a window of duplicates.
	crashes int
	// anyDuplicates is set by rows in which everything may come again.
	anyDuplicates bool
	// gaveUp is set when lines did not arrive in time; nobody waits for them again.
	gaveUp bool
	ready  time.Duration

	mu sync.Mutex
	// events and notes are what was done to the collector, and figures of the row.
	events, notes []string
}

// newRig makes everything but the process.
func newRig(t testing.TB, seed uint64, start func(testing.TB) backend) *rig {
	t.Helper()
	// Built before anything is printed, or the row begins with what has piled up meanwhile.
	testkit.Binary(t)
	r := &rig{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), backend: start(t), oracle: newOracle(),
	}
	r.gate = newGate(t, r.backend.url())
	file, variable := r.backend.config()
	r.collector = testkit.NewCollector(t, "kubernetes.yaml", file).Set(variable+"="+r.gate.url(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeapi.Start(t).Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
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

// settle ends the printing, lets the collector deliver what is left, stops it, and judges. The backend must be healthy.
func (r *rig) settle() {
	r.t.Helper()
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
	r.eventually(patience, func() bool { return done() || r.process.Exited() })
	if r.drain(); !done() {
		r.event("waited in vain for %.0fs", time.Since(began).Seconds())
		r.gaveUp = true
		return
	}
	if took := time.Since(began); took > time.Second {
		r.note("recovered in %.1fs", took.Seconds())
	}
}

// judge fails the row when anything is not as promised.
func (r *rig) judge() {
	r.t.Helper()
	r.drain()
	c := r.oracle.counts()
	if lost := r.oracle.lost(); len(lost) > 0 {
		r.t.Errorf("%d of %d lines are lost:\n%s", c.lost, c.written, abridged(lost))
	}
	if wrong := r.oracle.wrongs(); len(wrong) > 0 {
		r.t.Errorf("%d records are wrong:\n%s", len(wrong), abridged(wrong))
	}
	if !r.anyDuplicates && c.dupBytes > r.crashes*windowBytes {
		r.t.Errorf("%d lines came more than once, %d bytes; %d crashes allow %d:\n%s", c.duplicated, c.dupBytes, r.crashes,
			r.crashes*windowBytes, abridged(r.oracle.duplicated()))
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
	if r.t.Failed() {
		verdict = "FAIL"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	asked, troubled := r.gate.seen()
	r.t.Logf("%s %s in %.1fs: %s; %d kills, ready in %.1fs, %d requests, %d of them troubled; %s", verdict, r.t.Name(), time.Since(r.began).Seconds(),
		r.oracle.counts(), r.crashes, r.ready.Seconds(), asked, troubled, strings.Join(r.notes, ", "))
	if r.t.Failed() {
		r.t.Logf("what happened, in UTC:\n  %s", strings.Join(r.events, "\n  "))
		r.t.Logf("the same again: TRIBUTARY_FAULT_SEED=%d go test ./tests/faults -count=1 -v -run '%s$'", r.seed, r.t.Name())
	}
}

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
