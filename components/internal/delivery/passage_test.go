// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAcceptedBatchIsSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		l := newLine(b)
		l.deliver(t, 10)
		l.awaitIdle(t)
		sends, accepted, _ := b.seen()
		assert.Equal(t, 1, sends)
		assert.Equal(t, upTo(1, 10), records(accepted))
		assert.Equal(t, 10, l.Position())
		assert.Equal(t, Stats{Added: Count{10, 100}, Delivered: Count{10, 100}}, l.window.Stats())

		require.NoError(t, l.sender.Deliver(l.window.NewBatch(), nil))
		sends, _, _ = b.seen()
		assert.Equal(t, 1, sends, "nothing is not sent")
		require.NoError(t, l.sender.Close(t.Context()))
	})
}

// Whatever the trouble is and however long it lasts, all is delivered once, nothing
// is given up, and the backend is not asked more often than every 15 seconds for
// each batch.
func TestTroubleIsRetriedForEver(t *testing.T) {
	t.Parallel()
	const batches, size = 5, 1000
	for _, tt := range []struct {
		name  string
		err   error
		count func(Failures) int64
		// pieces is how many requests the trouble makes of a batch, at most.
		pieces int
	}{
		{"the backend is down", errTransient, func(f Failures) int64 { return f.Transient }, 1},
		{"the password is wrong", errMisconfigured, func(f Failures) int64 { return f.Misconfigured }, 1},
		{"the backend refuses everything", errRefused, func(f Failures) int64 { return f.Refused }, maxPieces + 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: always(tt.err)}
				l := newLine(b)
				for range batches {
					l.deliver(t, size)
				}
				const outage = 5 * time.Hour
				pass(outage)
				synctest.Wait()
				sends, accepted, letters := b.seen()
				assert.Empty(t, accepted)
				assert.Empty(t, letters)
				assert.Equal(t, 0, l.Position())
				assert.Equal(t, int64(sends), tt.count(l.window.Stats().Failures))
				assert.Less(t, sends, batches*(int(outage/(15*time.Second))+20+maxPieces))
				assert.Greater(t, sends, batches*int(outage/(30*time.Second)))

				b.set(nil)
				recovered := time.Now()
				l.awaitIdle(t)
				assert.LessOrEqual(t, time.Since(recovered), defaultMaxInterval)
				after, accepted, letters := b.seen()
				slices.Sort(accepted)
				assert.Equal(t, upTo(1, batches*size), records(accepted), "each once")
				assert.Empty(t, letters)
				assert.LessOrEqual(t, after-sends, batches*tt.pieces)
				requireBalance(t, l.window)
				l.close(t)
			})
		})
	}
}

func TestASendThatHangsHoldsOnlyItsOwnSources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{gate: make(chan struct{})}
		l := newLine(b)
		l.deliver(t, 10)
		synctest.Wait()
		b.mu.Lock()
		gate := b.gate
		b.gate = nil
		b.mu.Unlock()
		l.deliver(t, 10)
		other := *l
		other.Source, other.read = l.window.NewSource(0), 0
		other.deliver(t, 5)
		pass(24 * time.Hour)
		assert.Equal(t, 0, l.Position())
		assert.Equal(t, 5, other.Position())
		assert.Equal(t, int64(200), l.window.Stats().Charged)
		close(gate)
		l.awaitIdle(t)
		assert.Equal(t, 20, l.Position())
		l.close(t)
	})
}

func TestPausesGrowAndAreRandom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		b := &backend{answer: func(records) error {
			at = append(at, time.Now())
			return errTransient
		}}
		l := newLine(b, func(o *Options[records]) { o.InitialInterval, o.MaxInterval = time.Second, 10*time.Second })
		l.deliver(t, 1)
		pass(10 * time.Minute)
		l.close(t)
		synctest.Wait()
		want := time.Second
		var pauses []time.Duration
		for i := range at[1:] {
			got := at[i+1].Sub(at[i])
			assert.GreaterOrEqual(t, got, want/2, "pause %d", i)
			assert.LessOrEqual(t, got, want*3/2, "pause %d", i)
			assert.LessOrEqual(t, got, 10*time.Second, "pause %d", i)
			pauses = append(pauses, got)
			want = min(want*3/2, 10*time.Second*2/3)
		}
		slices.Sort(pauses)
		assert.Greater(t, len(slices.Compact(pauses)), len(at)*3/4)
	})
}

func TestPausesAreShortAgainAfterASuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, again := time.Now(), 0
		b := &backend{answer: func(r records) error {
			switch {
			case len(r) == 2:
				return errRefused // Too large.
			case r[0] == 1 && time.Since(begin) < time.Hour:
				return errTransient
			case r[0] == 2 && again < 3:
				again++
				return errTransient
			}
			return nil
		}}
		l := newLine(b)
		l.deliver(t, 2)
		l.awaitIdle(t)
		assert.Less(t, time.Since(begin), time.Hour+defaultMaxInterval+5*time.Second)
		l.close(t)
	})
}

func TestOrderIsKeptWhenAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		attempts := map[string]int{}
		b.set(func(r records) error {
			pass(time.Duration(1000/len(r)) * time.Millisecond) // The first are the slowest.
			b.mu.Lock()
			defer b.mu.Unlock()
			key := fmt.Sprint(r)
			attempts[key]++
			if attempts[key] == 1 {
				return errTransient
			}
			return refusing(4, 11, 12, 13)(r)
		})
		l := newLine(b, func(o *Options[records]) { o.Ordered = true })
		for n := 1; n <= 12; n++ {
			l.deliver(t, n)
		}
		other := newLine(b)
		other.window, other.sender, other.Source = l.window, l.sender, l.window.NewSource(1000)
		other.read = 1000
		other.deliver(t, 1)
		pass(10 * time.Second)
		assert.True(t, other.Idle(), "other sources do not wait")
		l.awaitIdle(t)
		_, accepted, letters := b.seen()
		accepted = slices.DeleteFunc(accepted, func(r int) bool { return r > 1000 })
		good := slices.DeleteFunc(upTo(1, l.read), func(r int) bool { return slices.Contains([]int{4, 11, 12, 13}, r) })
		assert.Equal(t, good, records(accepted))
		assert.ElementsMatch(t, []int{4, 11, 12, 13}, letters)
		l.close(t)
	})
}

func TestInOrderARefusedRecordIsNotOvertakenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		b := &backend{answer: func(r records) error {
			if r[0] == 1 && refusals < 5 { // The whole, the half, and three times alone.
				refusals++
				return errRefused
			}
			return nil
		}}
		l := newLine(b, func(o *Options[records]) { o.Ordered = true })
		l.deliver(t, 4)
		l.awaitIdle(t)
		_, accepted, _ := b.seen()
		assert.Equal(t, upTo(1, 4), records(accepted))
		l.close(t)
	})
}
