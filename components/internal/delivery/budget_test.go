// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reader reads a source under a budget, ten bytes and one record at a time.
type reader struct {
	*Source[int64]
	read    int64
	batches []*Batch[int64]
	// asked is the most that was acquired at a time.
	asked int64
}

func newReader(w *Window[int64]) *reader { return &reader{Source: w.NewSource(0)} }

// use puts n bytes into a batch of their own.
func (r *reader) use(n int64) {
	b := r.window.NewBatch()
	r.read += n
	b.Add(r.Source, r.read, n, 1)
	r.batches = append(r.batches, b)
}

// acknowledge acknowledges the batch at place i.
func (r *reader) acknowledge(i int) {
	b := r.batches[i]
	r.batches = append(r.batches[:i:i], r.batches[i+1:]...)
	acknowledge(b)
}

func (r *reader) reserved() int64 { return r.window.Stats().Charged }

func TestABudgetIsUsedUpAndComesBack(t *testing.T) {
	t.Parallel()
	w := NewWindow[int64](Limits{MaxBytes: 100, MaxBytesPerSource: 60})
	a, b, c := newReader(w), newReader(w), newReader(w)

	require.True(t, a.TryAcquire(60), "a source may use its share")
	a.use(30)
	a.use(30)
	assert.False(t, a.TryAcquire(1), "and no more")
	assert.True(t, b.TryAcquire(40), "others have the rest")
	assert.False(t, c.TryAcquire(1), "until there is none")
	assert.Equal(t, int64(100), w.Stats().Charged)

	a.acknowledge(1)
	assert.Equal(t, int64(100), w.Stats().Charged, "what is acknowledged behind a hole is still charged")
	assert.Empty(t, w.Room())
	a.acknowledge(0)
	assert.Len(t, w.Room(), 1, "room is made when the watermark has passed it")
	assert.Equal(t, int64(42), w.Stats().Charged, "those who waited have what they wanted")
	assert.True(t, a.TryAcquire(1))
	assert.True(t, c.TryAcquire(1))
	assert.Equal(t, int64(42), w.Stats().Charged, "and only once")

	b.Release()
	assert.Equal(t, int64(2), w.Stats().Charged, "what is not used goes back")
	a.use(5)
	assert.Equal(t, int64(6), w.Stats().Charged, "what is read beyond the reserve is charged")
	a.Release()
	c.Release()
	assert.Equal(t, int64(5), w.Stats().Charged)
}

func TestWhatIsTooLargeGoesAlone(t *testing.T) {
	t.Parallel()
	w := NewWindow[int64](Limits{MaxBytes: 100, MaxBytesPerSource: 60})
	a, b, c := newReader(w), newReader(w), newReader(w)

	require.True(t, a.TryAcquire(70), "larger than its share, when it has nothing else")
	a.use(70)
	require.True(t, b.TryAcquire(30))
	b.use(30)
	assert.False(t, b.TryAcquire(500), "larger than everything, while there is something else")
	assert.False(t, c.TryAcquire(10), "and nobody overtakes it")
	a.acknowledge(0)
	assert.Equal(t, int64(40), w.Stats().Charged, "its own share counts first, so that it does not stand in the queue yet")
	assert.True(t, c.TryAcquire(10))
	b.acknowledge(0)
	assert.False(t, b.TryAcquire(500), "it is in the queue now")
	assert.False(t, a.TryAcquire(1), "and nobody overtakes it")
	c.Release()
	assert.True(t, b.TryAcquire(500), "alone at last")
	assert.Equal(t, int64(500), w.Stats().Charged)
	b.use(500)
	assert.False(t, a.TryAcquire(1))
	b.acknowledge(0)
	assert.True(t, a.TryAcquire(1))
}

func TestAcquireWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := NewWindow[int64](Limits{MaxBytes: 100, MaxBytesPerSource: 100})
		a, b, c := newReader(w), newReader(w), newReader(w)
		require.NoError(t, a.Acquire(t.Context(), 100))
		a.use(60)

		stop := errors.New("the file is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		first := make(chan error)
		go func() { first <- b.Acquire(ctx, 80) }()
		synctest.Wait()
		second := make(chan error)
		go func() { second <- c.Acquire(t.Context(), 20) }()
		synctest.Wait()
		a.Release()
		synctest.Wait()
		assert.Equal(t, int64(60), a.reserved(), "the second does not overtake the first, though there is room for it")

		cancel(stop)
		err := <-first
		require.ErrorIs(t, err, stop)
		require.EqualError(t, err, "reserve 80 bytes: the file is gone")
		require.NoError(t, <-second, "who gives up does not stand in the way")
		assert.Equal(t, int64(80), a.reserved())

		go func() { first <- b.Acquire(t.Context(), 80) }()
		synctest.Wait()
		assert.PanicsWithValue(t, "delivery: two goroutines acquire for one source", func() { b.TryAcquire(1) })
		a.acknowledge(0)
		require.NoError(t, <-first)
		assert.Empty(t, w.Room(), "who waits needs no signal")
	})
}

func TestReleaseEndsTheWaiting(t *testing.T) {
	t.Parallel()
	w := NewWindow[int64](Limits{MaxBytes: 100, MaxBytesPerSource: 50})
	a, b, c := newReader(w), newReader(w), newReader(w)
	require.True(t, a.TryAcquire(50))
	a.use(50)
	require.False(t, a.TryAcquire(10))
	require.False(t, b.TryAcquire(60))
	b.Release()
	require.True(t, c.TryAcquire(50))
	c.use(50)
	require.False(t, b.TryAcquire(20))
	a.Release()
	b.Release()
	a.acknowledge(0)
	assert.Equal(t, int64(50), w.Stats().Charged, "nobody got what he had waited for")
	assert.Empty(t, w.Room())

	require.True(t, b.TryAcquire(30))
	require.False(t, b.TryAcquire(60))
	require.True(t, b.TryAcquire(20), "less is there already, and is enough")
	c.acknowledge(0)
	assert.Equal(t, int64(30), w.Stats().Charged)
}

// A file that is written as fast as it can be read does not keep the others from
// having their turn: with everything in use, each gets something in each round.
func TestAHotSourceStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const quiet, chunk = 50, 10
		w := NewWindow[int64](Limits{MaxBytes: 100, MaxBytesPerSource: 80})
		ctx, cancel := context.WithCancel(t.Context())
		got := make([]int, quiet+1) // Only read when all wait.
		for i := range got {
			s := newReader(w)
			go func() {
				for s.Acquire(ctx, chunk) == nil {
					got[i]++
					s.use(chunk)
					b := s.batches[len(s.batches)-1]
					s.batches = nil
					go func() { // A second in flight.
						pass(time.Second)
						acknowledge(b)
					}()
					if i > 0 { // All but the first have something to read once in a while.
						pass(3 * time.Second)
					}
				}
			}()
		}
		const rounds = 100
		pass(rounds*(quiet+1)*chunk/100*time.Second + time.Millisecond)
		synctest.Wait()
		for i, n := range got[1:] {
			assert.InDelta(t, rounds, n, rounds*0.1, "turns of quiet source %d", i)
		}
		assert.GreaterOrEqual(t, got[0], rounds)
		assert.Less(t, got[0], 3*rounds)
		cancel()
		pass(time.Minute)
	})
}

// Whatever is asked for in whatever order, the budgets hold, nobody waits for ever,
// and all comes back in the end.
func TestTheBudgetHolds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			limits := Limits{MaxBytes: 50 + random.Int64N(200), MaxBytesPerSource: 10 + random.Int64N(100)}
			w := NewWindow[int64](limits)
			tryers := random.IntN(5)
			readers := make([]*reader, 3+tryers)
			for i := range readers {
				readers[i] = newReader(w)
			}
			check := func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				// Only one that has all of it may have more.
				alone := slices.ContainsFunc(readers, func(r *reader) bool { return r.used == w.used })
				assert.True(t, w.used <= limits.MaxBytes || alone, "seed %d: %d of %d in use", seed, w.used, limits.MaxBytes)
				for _, r := range readers {
					assert.LessOrEqual(t, r.used, max(limits.MaxBytesPerSource, r.asked), "seed %d", seed)
				}
			}
			done := make(chan struct{})
			for i, r := range readers {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				go func() {
					defer func() { done <- struct{}{} }()
					for range 100 {
						n := 1 + random.Int64N(limits.MaxBytesPerSource)
						if random.IntN(20) == 0 {
							n = 1 + random.Int64N(2*limits.MaxBytes)
						}
						w.mu.Lock()
						r.asked = max(r.asked, n)
						w.mu.Unlock()
						if i < tryers {
							for !r.TryAcquire(n) {
								pass(time.Duration(1+random.IntN(100)) * time.Millisecond)
							}
						} else {
							ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(3000))*time.Millisecond)
							err := r.Acquire(ctx, n)
							cancel()
							if err != nil {
								continue
							}
						}
						check()
						if used := random.Int64N(n + 1); used > 0 {
							r.use(used)
							b := r.batches[0]
							r.batches = nil
							delay := time.Duration(random.IntN(1000)) * time.Millisecond
							go func() {
								pass(delay)
								acknowledge(b)
								check()
							}()
						}
						r.Release()
						requireBalance(t, w)
					}
				}()
			}
			for range readers {
				<-done
			}
			pass(time.Second)
			synctest.Wait()
			require.Zero(t, w.Stats().Charged)
			require.Empty(t, w.queue)
		})
	}
}
