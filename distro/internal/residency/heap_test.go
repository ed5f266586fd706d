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

func idleNow() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return idle(&m)
}

func TestTheHeapIsGivenBackWhenABurstIsOver(t *testing.T) {
	var h idleHeap
	assert.False(t, h.giveBack(), "the first look only looks")
	burst()
	assert.False(t, h.giveBack(), "it goes on")
	burst()
	assert.False(t, h.giveBack(), "and on")
	before := idleNow()
	require.Greater(t, before, uint64(32<<20))
	assert.True(t, h.giveBack(), "it is over")
	assert.Less(t, idleNow(), before/2)
	for range settles - 1 {
		assert.True(t, h.giveBack(), "somebody may have forgotten something since")
	}
	assert.False(t, h.giveBack(), "that would have been seen by now")
	burst()
	assert.False(t, h.giveBack())
	assert.True(t, h.giveBack(), "the next one is over")
}
