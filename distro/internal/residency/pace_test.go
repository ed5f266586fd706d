// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheHeapMayGrowFurtherWhileGarbageIsCollectedOften(t *testing.T) {
	const backlog = 16 << 20
	assert.Equal(t, usual, percent(0, backlog))
	assert.Equal(t, usual, percent(10, backlog), "5 a second")
	assert.Equal(t, generous, percent(11, backlog))
	assert.Equal(t, generous, percent(60, backlog), "a backlog")
	assert.Equal(t, usual, percent(0, 0), "no collection yet")
}

func TestALargeHeapMayGrowLess(t *testing.T) {
	for inUse := uint64(1 << 20); inUse < enough/2; inUse += 1 << 20 {
		assert.LessOrEqual(t, inUse+inUse*uint64(percent(60, inUse))/100, uint64(enough))
	}
	assert.Equal(t, 60, percent(60, 50<<20), "an outage")
	assert.Equal(t, sparing, percent(60, enough), "a collection takes CPU time too")
	assert.Equal(t, sparing, percent(0, 10*enough))
}

func TestWhatIsInUseIsKnown(t *testing.T) {
	runtime.GC()
	count, inUse := collections()
	assert.Positive(t, count)
	assert.Positive(t, inUse)
	assert.Less(t, inUse, uint64(enough))
}

// now is how far the heap may grow.
func now() int {
	percent := debug.SetGCPercent(usual)
	debug.SetGCPercent(percent)
	return percent
}

func TestAStartIsGenerousAndTheEndLeavesEverythingAsItWas(t *testing.T) {
	t.Setenv("GOGC", "")
	before := now()
	synctest.Test(t, func(t *testing.T) {
		done, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			keepPace(done)
		}()
		synctest.Wait()
		assert.Equal(t, generous, now())
		<-time.After(2 * paceInterval)
		synctest.Wait()
		assert.Equal(t, usual, now(), "nothing happens")
		close(done)
		<-ended
	})
	assert.Equal(t, before, now())
}

func TestWhatTheUserSaysStays(t *testing.T) {
	t.Setenv("GOGC", "70")
	before := now()
	keepPace(nil)
	assert.Equal(t, before, now())
}
