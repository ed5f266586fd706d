// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counting returns encoders that count how many of them are made.
func counting() (e *encoders, made *int) {
	e, made = newEncoders("zstd"), new(int)
	e.idle.New = func() any {
		*made++
		return newWorker("zstd")
	}
	return e, made
}

func (e *encoders) mustCompress(t *testing.T, text string) {
	t.Helper()
	out, _, err := e.compress(t.Context(), strings.NewReader(text))
	require.NoError(t, err)
	e.release(out)
}

func TestOneRequestAfterTheOtherNeedsOneEncoder(t *testing.T) {
	e, made := counting()
	for range 20 {
		e.mustCompress(t, "one")
		runtime.GC()
		runtime.GC() // Now a sync.Pool is empty.
	}
	assert.Equal(t, 1, *made)
}

func TestAnEncoderIsLeftToTheGarbageCollectorWhenItHasBeenIdleForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := counting()
		for range 5 {
			e.mustCompress(t, "one")
			<-time.After(restsAfter - time.Second)
			synctest.Wait()
			assert.NotNil(t, e.last.Load())
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		assert.Nil(t, e.last.Load())
		e.mustCompress(t, "two")
	})
}

func TestTurnsFollowTheProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	e := newEncoders(codingGzip)
	for _, processors := range []int{1, 5, 2} {
		runtime.GOMAXPROCS(processors)
		turns := 0
		for e.turns.TryAcquire(oneTurn()) {
			turns++
		}
		assert.Equal(t, processors+2, turns)
		e.turns.Release(int64(turns) * oneTurn())
	}
}
