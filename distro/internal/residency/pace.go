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
	// usual and generous are how far the heap may grow until the next one, in percent of
	// what is in use. The usual one is Go's own.
	usual    = 100
	generous = 150
	// sparing is for a heap that grows above enough.
	sparing = 40
	// enough is how large the heap should be at most, in bytes.
	enough = 80 << 20
)

// percent is how far the heap may grow, after so many collections in paceInterval, the
// last of which has left so many bytes in use. In a backlog some 30 a second are made for
// a few megabytes: with half of these megabytes more, a backlog takes 5 % less CPU time.
// In an outage all that may be in flight is in use, and as much again would be too much.
func percent(collections, inUse uint64) int {
	wanted := usual
	if collections > often*uint64(paceInterval/time.Second) {
		wanted = generous
	}
	room := (enough - int(inUse)) * 100 / max(1, int(inUse))
	return max(sparing, min(wanted, room))
}

// collections is how many there were since the start of the process, and how many bytes
// the last one has left in use.
func collections() (count, inUse uint64) {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
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
	for before, _ := collections(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		count, inUse := collections()
		if next := percent(count-before, inUse); next != now {
			now = next
			debug.SetGCPercent(now)
		}
		before = count
	}
}
