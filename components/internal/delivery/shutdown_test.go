// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCloseWaitsForWhatIsOnTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(records) error { pass(10 * time.Second); return nil }}
		l := newLine(b)
		l.deliver(t, 5)
		began := time.Now()
		require.NoError(t, l.sender.Close(t.Context()))
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.Equal(t, 5, l.Position())
		require.NoError(t, l.sender.Close(t.Context()), "twice is harmless")

		batch := l.window.NewBatch()
		batch.Add(l.Source, 6, 10, 1)
		require.ErrorIs(t, l.sender.Deliver(batch, records{6}), ErrClosed)
		assert.Equal(t, 5, l.Position())
		assert.Equal(t, Count{1, 10}, l.window.Stats().InFlight, "what is not taken stays in flight")
	})
}

func TestCloseOfAnUnusedSenderReturnsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, newLine(&backend{}).sender.Close(ctx))
}

func TestCloseCancelsNoSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var ended error
		b := &backend{}
		l := newLine(b, func(o *Options[records]) {
			o.Send = func(ctx context.Context, _ records) error {
				select {
				case <-ctx.Done():
				case <-release:
				}
				ended = ctx.Err()
				return nil
			}
		})
		l.deliver(t, 5)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		err := l.sender.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "close sender: batches that are not acknowledged and will be read again: 1: context deadline exceeded")
		assert.Equal(t, 20*time.Second, time.Since(began))
		assert.Equal(t, 0, l.Position())

		close(release)
		synctest.Wait()
		require.NoError(t, ended)
		assert.Equal(t, 5, l.Position(), "a late success counts")
		require.NoError(t, l.sender.Close(ctx))
	})
}

// Each of these is on its way when Close is called. What is wanted is when Close
// returns, and how many of the four records are accepted then.
func TestAfterTheBeginningOfCloseNothingIsRetried(t *testing.T) {
	t.Parallel()
	stopped := errors.New("the exporter is stopping")
	for _, tt := range []struct {
		name     string
		answer   func(records) error
		sink     func() error
		accepted int
		letters  int
		took     time.Duration
		failures Failures
	}{
		{
			name:     "a batch that waits for its next attempt ends at once",
			answer:   always(errTransient),
			failures: Failures{Transient: 2},
		}, {
			name:   "a send that fails is not counted",
			answer: func(records) error { pass(3 * time.Second); return stopped },
			took:   2 * time.Second,
		}, {
			name: "a send that is refused is not given up",
			answer: func(r records) error {
				pass(600 * time.Millisecond)
				return refusing(1)(r)
			},
			// The whole is refused already, the first half is on its way.
			took:     200 * time.Millisecond,
			failures: Failures{Refused: 1},
		}, {
			name: "what succeeds goes on",
			answer: func(r records) error {
				if len(r) == 4 {
					return errRefused // Too large.
				}
				pass(4 * time.Second)
				return nil
			},
			accepted: 4,
			took:     7 * time.Second,
			failures: Failures{Refused: 1},
		}, {
			name:     "dead letters that are being written are kept",
			answer:   refusing(1),
			sink:     func() error { pass(4 * time.Hour); return nil },
			accepted: 3, letters: 1,
			took:     -1,
			failures: Failures{Refused: 3 + sureAfter},
		}, {
			name:     "dead letters that cannot be written are read again",
			answer:   refusing(1),
			sink:     func() error { pass(4 * time.Hour); return stopped },
			accepted: 3,
			took:     -1,
			failures: Failures{Refused: 3 + sureAfter},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: tt.answer, sink: tt.sink}
				l := newLine(b)
				l.deliver(t, 4)
				if tt.took >= 0 {
					pass(time.Second)
				} else {
					pass(time.Hour) // Until it is in the sink.
				}
				synctest.Wait()
				before, _, _ := b.seen()
				began := time.Now()
				err := l.sender.Close(t.Context())
				took := time.Since(began)
				if tt.took >= 0 {
					assert.InDelta(t, tt.took, took, float64(time.Millisecond))
				}
				_, accepted, letters := b.seen()
				assert.Len(t, accepted, tt.accepted)
				assert.Len(t, letters, tt.letters)
				if tt.accepted+tt.letters == 4 {
					require.NoError(t, err)
					assert.Equal(t, 4, l.Position())
				} else {
					require.EqualError(t, err, "close sender: batches that are not acknowledged and will be read again: 1")
					assert.Equal(t, 0, l.Position())
				}
				got := l.window.Stats().Failures
				if tt.failures.Transient > 0 {
					got.Transient, tt.failures.Transient = min(got.Transient, 1), 1 // How many is random.
				}
				assert.Equal(t, tt.failures, got)
				requireBalance(t, l.window)

				pass(time.Hour)
				after, _, _ := b.seen()
				if tt.accepted == 0 {
					assert.Equal(t, before, after, "nothing is sent any more")
				}
			})
		})
	}
}

func TestAfterCloseNothingIsCalled(t *testing.T) {
	t.Parallel()
	for _, answer := range []error{nil, errTransient, errRefused} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			calls := 0
			l := newLine(&backend{}, func(o *Options[records]) {
				o.Send = func(_ context.Context, r records) error {
					calls++
					if len(r) == 4 {
						return errRefused
					}
					<-release
					return answer
				}
				o.Judge = func(err error) Verdict { calls++; return judge(err) }
				o.DeadLetter = func([]Letter[records]) error { calls++; return nil }
			})
			l.deliver(t, 4)
			synctest.Wait()
			require.Equal(t, 3, calls)
			l.close(t)
			close(release)
			pass(time.Hour)
			assert.Equal(t, 3, calls)
			assert.Equal(t, 0, l.Position())
			if answer == nil {
				assert.Equal(t, Count{2, 20}, l.window.Stats().Delivered)
			}
		})
	}
}

// The letter for record 1 is still to be written when the next send hangs.
func TestAfterCloseNoDeadLettersAreWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, ones := make(chan struct{}), 0
		b := &backend{}
		b.set(func(r records) error {
			switch {
			case len(r) == 1 && r[0] == 1:
				ones++
			case len(r) == 1 && r[0] == 2 && ones > sureAfter:
				<-release
				return nil
			}
			return refusing(1, 2)(r)
		})
		l := newLine(b)
		l.deliver(t, 8)
		pass(time.Hour)
		synctest.Wait()
		require.Equal(t, 1+sureAfter, ones)
		l.close(t)
		close(release)
		synctest.Wait()
		_, accepted, letters := b.seen()
		assert.Len(t, accepted, 7)
		assert.Empty(t, letters)
		assert.Equal(t, Count{1, 10}, l.window.Stats().InFlight)
		assert.Equal(t, 0, l.Position())
	})
}

func TestBatchesThatWaitForTheirTurnEndWithClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: always(errTransient)}
		l := newLine(b, func(o *Options[records]) { o.Ordered = true })
		for range 3 {
			l.deliver(t, 1)
		}
		pass(time.Second)
		began := time.Now()
		require.EqualError(t, l.sender.Close(t.Context()), "close sender: batches that are not acknowledged and will be read again: 3")
		assert.Zero(t, time.Since(began))
	})
}
