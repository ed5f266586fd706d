// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheHeapMayGrowFurtherWhileGarbageIsCollectedOften(t *testing.T) {
	assert.Equal(t, usual, percent(0))
	assert.Equal(t, usual, percent(10), "5 a second")
	assert.Equal(t, generous, percent(11))
	assert.Equal(t, generous, percent(60), "a backlog")
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
