// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// busyNode starts containers that print and are rotated; every rotated file stays.
func (r *rig) busyNode(containers int) {
	for i := range containers {
		c := r.container(fmt.Sprintf("busy-%d", i), busy)
		r.rotate(c, 0, r.between(600*time.Millisecond, 900*time.Millisecond))
	}
}

// arrived waits until more lines have arrived than before, so that the collector is known to be at work.
func (r *rig) arrived() {
	r.t.Helper()
	before := r.delivered()
	testkit.Eventually(r.t, patience, "lines to arrive", func() bool { return r.delivered() > before })
}

// delivered is how many lines have arrived.
func (r *rig) delivered() int {
	c := r.oracle.counts()
	return c.written - c.lost - c.excused
}

// troubled waits until so many further requests met with trouble.
func (r *rig) troubled(n int) {
	r.t.Helper()
	_, before := r.gate.seen()
	testkit.Eventually(r.t, patience, fmt.Sprintf("%d requests to be troubled", n), func() bool {
		_, now := r.gate.seen()
		return now >= before+n
	})
}

func killedAtRandom(r *rig) {
	r.busyNode(2)
	for range 5 * times {
		r.start()
		r.pass(r.between(200*time.Millisecond, 2*time.Second))
		r.kill()
	}
	r.start()
	r.settle()
}

func killedInOutage(r *rig) {
	r.gate.set(trouble{status: 503})
	r.busyNode(2)
	for range 4 * times {
		r.start()
		r.troubled(1)
		r.pass(r.between(0, 500*time.Millisecond))
		r.kill()
	}
	r.gate.set(trouble{})
	r.start()
	r.settle()
}

// What is on its way when the first kill comes must still be there after all the others.
func killedWhileStarting(r *rig) {
	r.busyNode(2)
	r.gate.set(trouble{delay: 200 * time.Millisecond})
	r.start()
	r.arrived()
	r.kill()
	rounds := 8 * times
	for round := range rounds {
		r.event("start")
		r.process = testkit.Start(r.t, r.collector.Options())
		r.pass(time.Duration(round+1) * time.Second / time.Duration(rounds))
		r.kill()
	}
	r.gate.set(trouble{})
	r.start()
	r.settle()
}

func terminated(r *rig) {
	r.busyNode(2)
	longest := time.Duration(0)
	for range 4 * times {
		r.start()
		r.arrived()
		r.pass(r.between(0, time.Second))
		longest = max(longest, r.stop(exitLimit))
	}
	r.note("exit in %.1fs", longest.Seconds())
	r.start()
	r.settle()
}

func terminatedDuring(fault trouble) func(*rig) {
	return func(r *rig) {
		r.busyNode(2)
		r.start()
		r.arrived()
		r.event("%+v", fault)
		r.gate.set(fault)
		r.troubled(1)
		r.note("exit in %.1fs", r.stop(graceLimit).Seconds())
		r.gate.set(trouble{})
		r.start()
		r.settle()
	}
}
