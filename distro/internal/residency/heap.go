// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"runtime"
	"runtime/debug"
)

const (
	// worthwhile is how much more has to lie idle in the heap than after the last time, in
	// bytes, for a garbage collection on top of those that are needed.
	worthwhile = 1 << 20
	// settles is how many times in a row one is made all the same: what a burst has
	// filled is often forgotten a minute or two later.
	settles = 6
	// little is the part of what a garbage collection waits for that may be allocated between
	// two looks when a burst is over: at this rate, the next one is a minute away.
	little = 6
)

// idleHeap knows the heap at the last look.
type idleHeap struct {
	allocated uint64
	seen      bool
	// quiet is for how many looks little was allocated.
	quiet int
	// left is what lay idle after it was given back: each processor keeps a little.
	left uint64
}

// giveBack returns to the system what lies idle in the heap, if little was allocated since
// the last call: that will do without it. It reports whether it did.
func (h *idleHeap) giveBack() bool {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	allocated, seen := now.TotalAlloc-h.allocated, h.seen
	h.allocated, h.seen = now.TotalAlloc, true
	if !seen || allocated >= now.NextGC/little {
		h.quiet = 0
		return false
	}
	h.quiet++
	if h.quiet > settles && idle(&now) < h.left+worthwhile {
		return false
	}
	debug.FreeOSMemory() // It collects first. What waits in a sync.Pool is garbage at the look after the next.
	runtime.ReadMemStats(&now)
	h.left = idle(&now)
	return true
}

// idle is what lies idle and is not given back, in bytes.
func idle(m *runtime.MemStats) uint64 { return m.HeapIdle - m.HeapReleased }
