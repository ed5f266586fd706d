// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a backend refuses ends up in the dead letters, and only that; the rest is
// delivered once, in order, with few requests.
func TestRefusedRecordsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		size  int
		bad   []int
		sends int
	}{
		{"the first of two", 2, []int{1}, 16},
		{"the second of two", 2, []int{2}, 16},
		{"the first of many", 5000, []int{1}, 34},
		{"one in the middle", 5000, []int{1234}, 30},
		{"the last of many", 5000, []int{5000}, 30},
		{"two neighbours", 5000, []int{2500, 2501}, 60},
		{"some", 5000, []int{7, 8, 9, 10, 777, 4000, 4999}, 200},
		{"all but the last", 300, upTo(1, 299), 2100},
		{"all but the first", 300, upTo(2, 300), 2100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: refusing(tt.bad...)}
				l := newLine(b)
				stop := func() {}
				if len(tt.bad) == tt.size-1 {
					// One is not much to compare with.
					stop = l.keepBusy(t, b, 2*time.Second)
				}
				began := time.Now()
				l.deliver(t, tt.size)
				l.awaitIdle(t)
				took := time.Since(began)
				stop()
				sends, accepted, letters := b.seen()
				good := slices.DeleteFunc(upTo(1, tt.size), func(r int) bool { return slices.Contains(tt.bad, r) })
				accepted = slices.DeleteFunc(accepted, func(r int) bool { return r < 0 })
				assert.Equal(t, good, records(accepted), "each once, in order")
				slices.Sort(letters)
				assert.Equal(t, tt.bad, letters)
				for _, reason := range b.reasons {
					require.ErrorIs(t, reason, errRefused)
				}
				assert.LessOrEqual(t, sends, tt.sends)
				assert.Less(t, took, 2*time.Minute)
				assert.Equal(t, tt.size, l.Position())
				stats := l.window.Stats()
				assert.Equal(t, Count{int64(len(tt.bad)), int64(len(tt.bad)) * 10}, stats.DeadLettered)
				requireBalance(t, l.window)
				l.close(t)
			})
		})
	}
}

// A record that is refused while nothing else is accepted may be the backend's
// fault. It is kept until there is something to compare it with.
func TestWithoutEvidenceNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		b := &backend{answer: refusing(upTo(1, n)...)}
		l := newLine(b)
		for range n {
			l.deliver(t, 1)
		}
		pass(24 * time.Hour)
		synctest.Wait()
		sends, _, letters := b.seen()
		assert.Empty(t, letters)
		assert.Greater(t, sends, n*1000)

		l.deliver(t, 1)
		began := time.Now()
		l.awaitIdle(t)
		_, _, letters = b.seen()
		assert.ElementsMatch(t, upTo(1, n), letters, "another one was accepted: it is their own fault")
		assert.Less(t, time.Since(began), 10*time.Second, "and that is found out at once")
		l.close(t)
	})
}

// Where much is accepted, what is refused is soon found guilty, but not in a moment.
func TestARecordIsGivenTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: refusing(1)}
		l := newLine(b)
		stop := l.keepBusy(t, b, 10*time.Millisecond)
		began := time.Now()
		l.deliver(t, 1)
		for l.Position() == 0 {
			pass(10 * time.Millisecond)
		}
		_, _, letters := b.seen()
		assert.Equal(t, []int{1}, letters)
		assert.Greater(t, time.Since(began), sureAfter*defaultInitialInterval/2)
		assert.Less(t, time.Since(began), sureAfter*defaultInitialInterval*2)
		stop()
		l.close(t)
	})
}

// After an hour in which everything was refused, what is really bad is told apart
// without further long pauses.
func TestAfterAnOutageTheBadOnesAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: always(errRefused)}
		l := newLine(b)
		l.deliver(t, 100)
		pass(time.Hour)
		b.set(refusing(1, 50))
		began := time.Now()
		l.awaitIdle(t)
		// One long pause is on its way; one more follows if it ends with a bad one's turn.
		assert.Less(t, time.Since(began), 2*defaultMaxInterval+10*time.Second)
		_, accepted, letters := b.seen()
		assert.Len(t, accepted, 98)
		assert.ElementsMatch(t, []int{1, 50}, letters)
		l.close(t)
	})
}

func TestWhatWasAcceptedBeforeIsNoEvidence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		l := newLine(b)
		slow := make(chan struct{})
		b.set(func(r records) error {
			if r[0] == 1 {
				<-slow // Begins before anything is refused, and is accepted after that.
				return nil
			}
			return errRefused
		})
		l.deliver(t, 1)
		synctest.Wait()
		l.deliver(t, 1)
		pass(time.Minute)
		close(slow)
		pass(24 * time.Hour)
		synctest.Wait()
		_, accepted, letters := b.seen()
		assert.Equal(t, []int{1}, accepted)
		assert.Empty(t, letters)
		assert.Equal(t, 1, l.Position())
		l.close(t)
	})
}

// A backend that accepted something in the middle of its trouble and then refuses
// everything costs
// no more than that is good for.
func TestOneAcceptanceConvictsFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: always(errRefused)}
		l := newLine(b)
		for range 20 {
			l.deliver(t, 1000)
		}
		pass(time.Minute)
		b.set(func(r records) error {
			if slices.Contains(r, -1) {
				return nil
			}
			return errRefused
		})
		batch := l.window.NewBatch()
		batch.Add(l.window.NewSource(0), 1, 1, 1)
		require.NoError(t, l.sender.Deliver(batch, records{-1}))
		pass(24 * time.Hour)
		synctest.Wait()
		sends, _, letters := b.seen()
		assert.LessOrEqual(t, len(letters), maxPieces)
		b.set(nil)
		pass(time.Minute)
		synctest.Wait()
		after, _, _ := b.seen()
		assert.Less(t, after-sends, 20*maxPieces+creditPerAcceptance)
		assert.True(t, l.Idle())
		requireBalance(t, l.window)
		l.close(t)
	})
}

func TestWithoutASinkNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: refusing(3)}
		l := newLine(b, func(o *Options[records]) { o.DeadLetter = nil })
		stop := l.keepBusy(t, b, time.Second)
		l.deliver(t, 10)
		pass(24 * time.Hour)
		stop()
		assert.Equal(t, Count{1, 10}, l.window.Stats().InFlight)
		assert.Less(t, l.window.Stats().Failures.Refused, int64(24*3600/15), "others that are accepted do not make it impatient")
		l.close(t)
	})
}

// What the sink cannot take is in flight until it can, and holds up nothing that is
// good.
func TestAFailingSinkIsRetriedForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		b := &backend{answer: refusing(3, 5), sink: func() error { return full }}
		l := newLine(b)
		l.deliver(t, 10)
		pass(24 * time.Hour)
		synctest.Wait()
		sends, accepted, letters := b.seen()
		assert.Len(t, accepted, 8)
		assert.Empty(t, letters)
		assert.Equal(t, 0, l.Position())
		stats := l.window.Stats()
		assert.Equal(t, Count{2, 20}, stats.InFlight)
		assert.Equal(t, Count{8, 80}, stats.Delivered)
		assert.Equal(t, int64(100), stats.Charged)
		assert.Greater(t, stats.Failures.DeadLetter, int64(1000))

		l.deliver(t, 10)
		pass(time.Second)
		assert.Equal(t, Count{18, 180}, l.window.Stats().Delivered)
		b.mu.Lock()
		b.sink = nil
		b.mu.Unlock()
		l.awaitIdle(t)
		after, _, letters := b.seen()
		assert.ElementsMatch(t, []int{3, 5}, letters)
		assert.Equal(t, sends+1, after, "what is given up is not sent again")
		l.close(t)
	})
}
