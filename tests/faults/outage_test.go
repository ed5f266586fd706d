// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// keptFiles is how many rotated files stay where files are removed: kubelet's default of 5 without the current one.
const keptFiles = 4

// floodedNode starts containers that have printed more than may be in flight before they are first rotated, and print on, so
// that files are compressed and removed before anybody has read them. The backend has to be in trouble already.
func (r *rig) floodedNode() []*rotator {
	r.t.Helper()
	var rotators []*rotator
	for i := range 4 {
		c := r.container(fmt.Sprintf("heavy-%d", i), heavy)
		c.print(windowBytes / 4 / heavy.bytes)
		rotators = append(rotators, r.rotate(c, keptFiles, r.between(800*time.Millisecond, 900*time.Millisecond)))
	}
	return rotators
}

// outage waits until every container has lost so many files, and ends all printing.
func (r *rig) outage(rotators []*rotator, files int) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, "files to be removed", func() bool {
		for _, k := range rotators {
			if k.removed.Load() < int64(files*times) {
				return false
			}
		}
		return true
	})
	r.quiet()
	for _, k := range rotators {
		r.note("%d files rotated, %d removed", k.rotated, k.removed.Load())
	}
}

func outageWithRotation(r *rig) {
	r.start()
	idle := r.memory("VmRSS")
	r.container("busy", busy)
	r.arrived()
	r.event("backend away")
	r.gate.down()
	r.outage(r.floodedNode(), 3)
	r.event("backend back")
	r.gate.up()
	r.await()
	r.note("memory %d MiB idle, %d at most", idle, r.memory("VmHWM"))
	r.settle()
}

func rotationInOutage(r *rig) {
	r.start()
	r.event("503")
	r.gate.set(trouble{status: 503})
	r.outage(r.floodedNode(), 5)
	r.event("backend back")
	r.gate.set(trouble{})
	r.settle()
}

func slowBackend(r *rig) {
	r.start()
	idle := r.memory("VmRSS")
	r.gate.set(trouble{delay: time.Second})
	for i := range 3 {
		r.rotate(r.container(fmt.Sprintf("heavy-%d", i), heavy), 0, 700*time.Millisecond)
	}
	r.pass(5 * time.Second * time.Duration(times))
	r.gate.set(trouble{})
	r.quiet()
	r.await()
	r.note("memory %d MiB idle, %d at most", idle, r.memory("VmHWM"))
	r.settle()
}

// stormLimit is the number of requests per second above which retries do harm of their own.
const stormLimit = 100

func tooManyRequests(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()
	for _, seconds := range []int{0, 1} {
		r.event("429, Retry-After %d", seconds)
		r.gate.set(trouble{status: 429, retryAfter: seconds})
		before, _ := r.gate.seen()
		began := time.Now()
		r.troubled(1)
		r.pass(2 * time.Second * time.Duration(times))
		after, _ := r.gate.seen()
		rate := float64(after-before) / time.Since(began).Seconds()
		r.note("%.1f requests/s with Retry-After %d", rate, seconds)
		if rate > stormLimit {
			r.t.Errorf("%.0f requests/s while the backend asks for fewer", rate)
		}
		r.gate.set(trouble{})
		r.arrived()
	}
	r.settle()
}

func tooLarge(r *rig) {
	r.gate.set(trouble{maxBytes: 64 << 10})
	// All of it is there at the start, so that requests become as large as they may.
	for i := range 3 {
		r.container(fmt.Sprintf("large-%d", i), load{bytes: 1 << 10}).print(4_000)
	}
	r.start()
	r.settle()
	asked, troubled := r.gate.seen()
	r.note("%d of %d requests were too large", troubled, asked)
	if troubled == 0 {
		r.t.Error("no request was too large: the row tests nothing")
	}
}

func refusals(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()
	for _, status := range []int{500, 401, 403, 404, 405, 530} {
		r.event("%d", status)
		r.gate.set(trouble{status: status})
		r.troubled(2)
		r.gate.set(trouble{})
		r.arrived()
	}
	r.settle()
}
