// SPDX-License-Identifier: Apache-2.0

package cores

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHowManyProcessors(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  int
		most int
		used float64
		want int
	}{
		{"nothing to do", 1, 8, 0, 1},
		{"much to do", 1, 8, 0.89, 1},
		{"one is not enough", 1, 8, 0.9, 2},
		{"there is only one", 1, 1, 1, 1},
		{"nor are two", 2, 8, 2, 4},
		{"no more than Go would take", 2, 3, 2, 3},
		{"two are right", 2, 8, 1.2, 2},
		{"one may be enough", 2, 8, 0.71, 2},
		{"one is enough", 2, 8, 0.69, 1},
		{"step by step", 8, 8, 0, 4},
		{"an odd number", 3, 3, 1, 1},
		{"the container gets less", 8, 2, 2.8, 2},
		{"the time of the process cannot be read", 4, 8, -1000, 2},
	} {
		assert.Equal(t, tt.want, next(tt.now, tt.most, tt.used), tt.name)
	}
}

// What is too much for half of the processors is too little for these, whatever the number: it would go to and fro.
func TestTheNumberComesToRest(t *testing.T) {
	for used := 0.0; used < 16; used += 0.01 {
		now := 1
		for range 10 {
			now = next(now, 16, used)
		}
		assert.Equal(t, now, next(now, 16, used), "%.2f processors' work", used)
	}
}

func TestProcessorsFollowTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sum time.Duration
		var set []int
		asked := 0
		m := machine{
			used: func() (time.Duration, bool) { return sum, true },
			set:  func(n int) { set = append(set, n) },
			most: func() int { asked++; return 4 },
		}
		type change struct{ before, now int }
		var changes []change
		done, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			m.keep(done, func(before, now int) { changes = append(changes, change{before, now}) })
		}()
		synctest.Wait()
		work := func(processors float64) {
			sum += time.Duration(processors * float64(interval))
			<-time.After(interval)
			synctest.Wait()
		}
		work(0.05)
		work(0.5)
		assert.Empty(t, set)
		assert.Zero(t, asked, "where one is enough nobody reads the limit")
		for _, processors := range []float64{1, 2, 4, 4, 0.3, 0.3, 0.3} {
			work(processors)
		}
		assert.Equal(t, []change{{1, 2}, {2, 4}, {4, 2}, {2, 1}}, changes)
		close(done)
		<-ended
	})
}

func TestGoDecidesAgainAfterwards(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	stop := Keep(nil)
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))
	stop()
	runtime.SetDefaultGOMAXPROCS()
	usual := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(usual + 1)
	Keep(nil)()
	assert.Equal(t, usual, runtime.GOMAXPROCS(0))
}

func TestWhatTheUserSaysStays(t *testing.T) {
	t.Setenv("GOMAXPROCS", "3")
	before := runtime.GOMAXPROCS(3)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	stop := Keep(nil)
	assert.Equal(t, 3, runtime.GOMAXPROCS(0))
	stop()
	assert.Equal(t, 3, runtime.GOMAXPROCS(0))
}

func TestWhatTheProcessUses(t *testing.T) {
	before, known := used()
	require.True(t, known)
	for until := time.Now().Add(10 * time.Second); ; {
		now, _ := used()
		if now > before || time.Now().After(until) {
			assert.Greater(t, now, before)
			return
		}
	}
}
