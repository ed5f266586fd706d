// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	// answerLimit is how long an attempt may take before it is given up and made again, as the shipped backends say.
	answerLimit = 30 * time.Second
	// requestBytes is what a request has at most, in bytes of lines.
	requestBytes = 1 << 20
)

// arrivedUntil waits until everything has arrived that was written before a moment.
func (r *rig) arrivedUntil(moment time.Time, limit time.Duration) {
	r.t.Helper()
	if !r.eventually(limit, func() bool { return r.oracle.missing(moment) == 0 }) {
		r.t.Errorf("%d lines from before %s have not arrived %s later", r.oracle.missing(moment), moment.UTC().Format(clock), limit)
	}
}

// halfOpen freezes every connection. What is sent on them from then on is never stored and never answered, and the collector
// has to notice by itself.
func halfOpen(r *rig) {
	p := r.proxy()
	r.busyNode(2)
	r.start()
	met := 0
	// A request may find a new connection, if the frozen ones were about to be closed.
	for try := 0; try < times+4 && met < times; try++ {
		r.arrived()
		frozen := p.halfOpen()
		began := time.Now()
		r.event("%d connections half open", frozen)
		// The lines of this time go into them.
		r.pass(2 * time.Second)
		moment := time.Now()
		r.arrivedUntil(moment, answerLimit+recovery)
		took := time.Since(began)
		r.note("%d connections frozen, what was sent on them came %.1fs later", frozen, took.Seconds())
		if took >= answerLimit/2 {
			met++
		}
		// What had been stored when its answer was frozen comes again.
		r.again += frozen * requestBytes
	}
	if met < times {
		r.t.Error("nothing was sent on connections that are frozen: the row tests nothing")
	}
	r.settle()
}

// resetAfterStoring resets connections in place of an answer: the backend has what comes again.
func resetAfterStoring(r *rig) {
	p := r.proxy()
	r.busyNode(2)
	r.start()
	r.arrived()
	r.event("answers are cut off")
	p.set(link{cutAnswers: true})
	testkit.Eventually(r.t, patience, "answers to be cut off", func() bool { return p.seen().cut >= 5*times })
	p.set(link{})
	r.event("answers come")
	r.arrived()
	cut := p.seen().cut
	r.note("%d answers cut off", cut)
	r.again = cut * requestBytes
	r.settle()
}

// flappingConnections resets all connections again and again. What gets through in spite of it is at least half of what
// gets through otherwise.
func flappingConnections(r *rig) {
	p := r.proxy()
	r.anyOrder = true
	// Small batches and slow answers, so that the backlog lasts, and not the machine decides how fast it goes.
	records := 500
	if r.journal != nil {
		records = 100 // To write them is what takes the time.
	}
	r.collector.Args = append(r.collector.Args, fmt.Sprintf("--set=receivers::%s::batch::max_records=%d", r.column.receiver, records),
		"--set=receivers::"+r.column.receiver+"::in_flight::max_batches=4")
	backlog := r.container("backlog", load{bytes: 20})
	r.start()
	span := 6 * time.Second * time.Duration(times)
	steady, flapping := 2, 0
	// A machine that has no time for the row in one of the two spans has it in the next ones.
	for try := 0; try < 3 && flapping < steady/2; try++ {
		r.gate.set(trouble{status: 503})
		backlog.print(240 * records * times)
		r.gate.set(trouble{delay: 250 * time.Millisecond})
		r.arrived()
		before := r.delivered()
		r.pass(span)
		steady = r.delivered() - before
		r.event("connections are reset each 2 s")
		before = r.delivered()
		resets := 0
		for end := time.Now().Add(span); time.Now().Before(end); resets += p.reset() {
			r.pass(2 * time.Second)
		}
		flapping = r.delivered() - before
		left := r.oracle.counts().lost
		r.event("connections stay")
		r.note("%d lines in %s, %d in as long with %d connections reset", steady, span, flapping, resets)
		if resets == 0 || left == 0 {
			r.t.Error("no connection was reset while lines waited: the row tests nothing")
		}
		r.again += resets * requestBytes
	}
	r.gate.set(trouble{})
	if flapping < steady/2 {
		r.t.Errorf("%d lines came through connections that are reset, and %d through those that are not", flapping, steady)
	}
	r.settle()
}

// recovers does what ends a trouble, and waits until lines flow again.
func (r *rig) recovers(how string, mend func()) {
	r.t.Helper()
	r.event("%s", how)
	mend()
	began := time.Now()
	before := r.delivered()
	if !r.eventually(recovery, func() bool { return r.delivered() > before }) {
		r.t.Fatalf("no line has come %s after this: %s", recovery, how)
	}
	r.note("%s: lines after %.1fs", how, time.Since(began).Seconds())
}
