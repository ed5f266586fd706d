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

func TestHowFarTheHeapMayGrow(t *testing.T) {
	const mega = 1 << 20
	for _, tt := range []struct {
		name  string
		pace  pace
		inUse uint64
		want  int
	}{
		{"nothing happens", pace{0, 1000}, 8 * mega, frugal},
		{"little is allocated: pods come and go", pace{1, 6*mega - 1}, 12 * mega, frugal},
		{"10,000 lines a second", pace{1, 15 * mega}, 16 * mega, usual},
		{"at the edge", pace{0, 6 * mega}, 16 * mega, usual},
		{"5 collections a second", pace{10, 200 * mega}, 16 * mega, usual},
		{"more of them", pace{11, 200 * mega}, 16 * mega, generous},
		{"a backlog", pace{60, 1000 * mega}, 16 * mega, generous},
		{"no collection yet", pace{0, 20 * mega}, 0, usual},
		{"an outage", pace{60, 1000 * mega}, 50 * mega, 60},
		{"a collection takes CPU time too", pace{60, 1000 * mega}, enough, sparing},
		{"little is allocated, and much is in use", pace{0, 0}, 10 * enough, sparing},
	} {
		assert.Equal(t, tt.want, tt.pace.percent(tt.inUse), tt.name)
	}
	for inUse := uint64(mega); inUse < enough/2; inUse += mega {
		assert.LessOrEqual(t, inUse+inUse*uint64(pace{collections: 60}.percent(inUse))/100, uint64(enough))
	}
}

func TestWhatHappenedIsKnown(t *testing.T) {
	before, _ := readPace()
	kept := make([]byte, 1<<20)
	runtime.GC()
	sum, inUse := readPace()
	runtime.KeepAlive(kept)
	assert.Greater(t, sum.collections, before.collections)
	assert.GreaterOrEqual(t, sum.allocated-before.allocated, uint64(len(kept)))
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
		assert.Equal(t, frugal, now(), "nothing happens")
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
