// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// burst leaves much memory that is not in use and not given back.
func burst() {
	kept := make([][]byte, 64)
	for i := range kept {
		kept[i] = make([]byte, 1<<20)
	}
	runtime.KeepAlive(kept)
	runtime.GC()
}

// notGivenBack is what lies idle in the heap, in bytes.
func notGivenBack() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapIdle - m.HeapReleased
}

func TestTheHeapIsGivenBackWhenABurstIsOver(t *testing.T) {
	var h idleHeap
	assert.False(t, h.giveBack(), "the first look only looks")
	burst()
	assert.False(t, h.giveBack(), "it goes on")
	burst()
	assert.False(t, h.giveBack(), "and on")
	require.Greater(t, notGivenBack(), uint64(worthwhile))
	assert.True(t, h.giveBack(), "it is over")
	for range settles - 1 {
		assert.True(t, h.giveBack(), "somebody may have forgotten something since")
	}
	for h.giveBack() {
		require.Less(t, h.quiet, 100, "there is an end of it")
	}
	assert.Less(t, notGivenBack(), uint64(worthwhile))
	burst()
	assert.False(t, h.giveBack())
	assert.True(t, h.giveBack(), "the next one is over")
}
