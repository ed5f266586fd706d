// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"math"
	"regexp"
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

// slowBackend answers late, and then stands at the end of a thin line. No container is kept waiting for the others.
func slowBackend(r *rig) {
	p := r.proxy()
	r.start()
	idle := r.memory("VmRSS")
	r.event("answers take 5 s")
	r.gate.set(trouble{delay: 5 * time.Second})
	for i := range 3 {
		r.rotate(r.container(fmt.Sprintf("heavy-%d", i), heavy), 0, 700*time.Millisecond)
	}
	r.pass(6 * time.Second * time.Duration(times))
	r.gate.set(trouble{})
	r.event("100 KB/s")
	p.set(link{latency: 50 * time.Millisecond, bytesPerSecond: 100 << 10})
	before := p.seen().carried
	r.pass(6 * time.Second * time.Duration(times))
	var least, most time.Duration
	// On a busy machine the containers print slowly, and it takes longer until the line is full.
	waited := r.eventually(patience, func() bool {
		least, most = math.MaxInt64, 0
		for _, c := range r.containers {
			least, most = min(least, r.oracle.behind(c.id)), max(most, r.oracle.behind(c.id))
		}
		return most >= time.Second
	})
	r.note("%d KiB came through, containers were %.1fs to %.1fs behind", (p.seen().carried-before)>>10, least.Seconds(), most.Seconds())
	if !waited {
		r.t.Error("nobody had to wait: the row tests nothing")
	}
	if most > 3*max(least, time.Second) {
		r.t.Errorf("one container is %s behind and another %s", most, least)
	}
	p.set(link{})
	r.quiet()
	r.await()
	peak := r.memory("VmHWM")
	r.note("memory %d MiB idle, %d at most", idle, peak)
	if peak > idle+memoryLimit {
		r.t.Errorf("memory grew from %d to %d MiB", idle, peak)
	}
	r.settle()
}

// batchesAtOnce is how many requests are tried at a time, as pod_logs has it.
const batchesAtOnce = 16

func tooManyRequests(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()
	for _, asked := range []time.Duration{0, 3 * time.Second} {
		r.event("429, Retry-After %s", asked)
		r.gate.set(trouble{status: 429, retryAfter: int(asked.Seconds())})
		before, _ := r.gate.seen()
		began := time.Now()
		r.troubled(1)
		r.pass((2*asked + 2*time.Second) * time.Duration(times))
		after, _ := r.gate.seen()
		rate := float64(after-before) / time.Since(began).Seconds()
		r.note("%.1f requests/s with Retry-After %s", rate, asked)
		if rate > batchesAtOnce {
			r.t.Errorf("%.0f requests/s while the backend asks for fewer", rate)
		}
		if asked > 0 {
			r.waited(asked, began)
		}
		r.gate.set(trouble{})
		r.arrived()
	}
	r.settle()
}

// waited checks that requests were sent again when the backend wanted them: none a fifth sooner, and most no fifth later than
// any other, for which a machine that runs other tests at the same time gets a second. Of several that wait it may be another one
// each time that tries whether the backend takes something again.
func (r *rig) waited(asked time.Duration, since time.Time) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, "a request that is sent again", func() bool { return len(r.gate.pauses(since)) > 0 })
	pauses, gaps := r.gate.pauses(since), r.gate.gaps(since)
	shortest, middle := pauses[0], gaps[len(gaps)/2]
	r.note("a request is sent again after %.1fs at least, the next one after %.1fs", shortest.Seconds(), middle.Seconds())
	if shortest < asked*8/10 || middle > asked*12/10+time.Second {
		r.t.Errorf("a request is sent again after %s at least, the next one after %s; the backend asked for %s", shortest, middle, asked)
	}
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
	if taken := asked - troubled; asked > 2*taken {
		r.t.Errorf("%d requests for what fits into %d", asked, taken)
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
		// An operator has to see why.
		says := regexp.MustCompile(fmt.Sprintf(`HTTP Status Code %d|"status": "%d"`, status, status))
		if !r.eventually(exitLimit, func() bool { return says.MatchString(r.process.Stderr()) }) {
			r.t.Errorf("nothing in the log says that the backend answers %d", status)
		}
		r.gate.set(trouble{})
		r.arrived()
	}
	r.settle()
}

// bytesAtRisk removes files that are not delivered and are not copied aside. The collector has them open, and says how much
// would be lost with it.
func bytesAtRisk(r *rig) {
	r.collector.Args = append(r.collector.Args, "--set=receivers::pod_logs::spill::directory=none")
	r.gate.set(trouble{status: 503})
	r.start()
	rotators := r.floodedNode()
	r.outage(rotators, 3)
	removed := int64(0)
	for _, k := range rotators {
		removed += k.removedBytes.Load()
	}
	atRisk := func() int64 {
		sums, err := r.scrape()
		if err != nil {
			r.t.Errorf("scrape metrics: %v", err)
		}
		return int64(sums["otelcol_receiver_pod_logs_at_risk_bytes"])
	}
	right := func() bool { got := atRisk(); return got > removed*95/100 && got < removed*105/100 }
	if !r.eventually(exitLimit, right) {
		r.t.Errorf("%d bytes were removed, %d are at risk", removed, atRisk())
	}
	r.note("%d bytes removed, %d at risk", removed, atRisk())
	r.gate.set(trouble{})
	r.await()
	if !r.eventually(exitLimit, func() bool { return atRisk() == 0 }) {
		r.t.Errorf("all is delivered, and %d bytes are at risk", atRisk())
	}
	r.settle()
}
