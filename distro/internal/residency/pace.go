// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// paceInterval is how often Keep looks how often garbage is collected.
	paceInterval = 2 * time.Second
	// often is how many collections a second are many.
	often = 5
	// slow is how many bytes a second are few to be allocated.
	slow = 3 << 20
	// frugal, usual and generous are how far the heap may grow until the next one, in percent
	// of what is in use. The usual one is Go's own.
	frugal   = 50
	usual    = 100
	generous = 150
	// sparing is for a heap that grows above enough.
	sparing = 40
	// enough is how large the heap should be at most, in bytes.
	enough = 80 << 20
)

// pace is what there was since the start of the process, or in paceInterval.
type pace struct {
	// collections and allocated are how many there were, and how many bytes.
	collections, allocated uint64
}

// percent is how far the heap may grow, after such a pace in paceInterval, when the last collection has left so
// many bytes in use. In a backlog some 30 collections a second are made for a few megabytes: with half of these
// megabytes more, a backlog takes 5 % less CPU time. Where little is allocated, half of them less cost some
// three thousandths of a core at most. In an outage all that may be in flight is in use, and as much again
// would be too much.
func (p pace) percent(inUse uint64) int {
	const seconds = uint64(paceInterval / time.Second)
	wanted := usual
	switch {
	case p.collections > often*seconds:
		wanted = generous
	case p.allocated < slow*seconds:
		wanted = frugal
	}
	room := (enough - int(inUse)) * 100 / max(1, int(inUse))
	return max(sparing, min(wanted, room))
}

// readPace returns the pace since the start, and how many bytes the last collection has left in use.
func readPace() (p pace, inUse uint64) {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return pace{samples[0].Value.Uint64(), samples[1].Value.Uint64()}, samples[2].Value.Uint64()
}

// keepPace sets how far the heap may grow, until done is closed. It leaves alone what the
// user says with GOGC.
func keepPace(done <-chan struct{}) {
	if os.Getenv("GOGC") != "" {
		return
	}
	// A start may be that of a backlog.
	now := generous
	defer debug.SetGCPercent(debug.SetGCPercent(now))
	tick := time.NewTicker(paceInterval)
	defer tick.Stop()
	for before, _ := readPace(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		sum, inUse := readPace()
		if next := (pace{sum.collections - before.collections, sum.allocated - before.allocated}).percent(inUse); next != now {
			now = next
			debug.SetGCPercent(now)
		}
		before = sum
	}
}
