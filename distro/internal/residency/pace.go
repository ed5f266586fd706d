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
)

// percent is how far the heap may grow, after so many collections in paceInterval. In a
// backlog some 30 a second are made for a few megabytes: with half of these megabytes
// more, a backlog takes 5 % less CPU time.
func percent(collections uint64) int {
	if collections > often*uint64(paceInterval/time.Second) {
		return generous
	}
	return usual
}

// collections is how many there were since the start of the process.
func collections() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
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
	for before := collections(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		count := collections()
		if next := percent(count - before); next != now {
			now = next
			debug.SetGCPercent(now)
		}
		before = count
	}
}
