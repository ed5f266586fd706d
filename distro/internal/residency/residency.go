// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"sync"
	"time"
)

const (
	// firstPause is how long after its start Keep gives back for the second time. The
	// pauses double from there: the start itself is what touches most.
	firstPause = 20 * time.Millisecond
	// longestPause is how often it goes on. What is used now and then adds up.
	longestPause = 20 * time.Second
)

// Keep gives back what the start has touched, at once and then again and again, and what
// a burst has left of the heap, until stop is called. Where the system does not say what
// is mapped, it gives back heap alone. While garbage is collected often, it lets the heap
// grow a little further.
func Keep() (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { keepGivingBack(done) })
	running.Go(func() { keepPace(done) })
	return func() {
		close(done)
		running.Wait()
	}
}

func keepGivingBack(done <-chan struct{}) {
	var heap idleHeap
	pause := firstPause
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-timer.C:
		}
		if pause == longestPause {
			heap.giveBack()
		}
		// An error is for ever, and nothing that a user could do something about.
		_ = GiveBack()
		timer.Reset(pause)
		pause = min(2*pause, longestPause)
	}
}
