// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// records is a payload: each record is the position behind it.
type records []int

func (r records) Len() int                       { return len(r) }
func (r records) Split(n int) (records, records) { return r[:n], r[n:] }

// upTo returns the records from, from+1, … to.
func upTo(from, to int) records {
	var r records
	for i := from; i <= to; i++ {
		r = append(r, i)
	}
	return r
}

var (
	errTransient     = errors.New("503 Service Unavailable")
	errMisconfigured = errors.New("401 Unauthorized")
	errRefused       = errors.New("400 Bad Request")
)

func judge(err error) Verdict {
	switch {
	case errors.Is(err, errRefused):
		return Refused
	case errors.Is(err, errMisconfigured):
		return Misconfigured
	}
	return Transient
}

// backend is what a sender sends to. Its answers can be changed at any time.
type backend struct {
	mu sync.Mutex
	// answer says what becomes of a send; nil accepts it.
	answer func(records) error
	// sink says what becomes of dead letters; nil keeps them.
	sink func() error
	// gate, if there is one, is awaited in every send.
	gate chan struct{}

	sends    int
	accepted []int
	letters  []int
	reasons  []error
}

// set changes the answer.
func (b *backend) set(answer func(records) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *backend) options() Options[records] {
	return Options[records]{Send: b.send, Judge: judge, DeadLetter: b.deadLetter}
}

func (b *backend) send(_ context.Context, r records) error {
	b.mu.Lock()
	b.sends++
	gate, answer := b.gate, b.answer
	b.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if answer != nil {
		if err := answer(r); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, r...)
	return nil
}

func (b *backend) deadLetter(letters []Letter[records]) error {
	b.mu.Lock()
	sink := b.sink
	b.mu.Unlock()
	if sink != nil {
		if err := sink(); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range letters {
		b.letters = append(b.letters, l.Payload...)
		b.reasons = append(b.reasons, l.Reason)
	}
	return nil
}

func (b *backend) seen() (sends int, accepted, letters []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sends, slices.Clone(b.accepted), slices.Clone(b.letters)
}

// refusing refuses what holds one of the records.
func refusing(bad ...int) func(records) error {
	return func(r records) error {
		for _, record := range r {
			if slices.Contains(bad, record) {
				return fmt.Errorf("record %d: %w", record, errRefused)
			}
		}
		return nil
	}
}

func always(err error) func(records) error { return func(records) error { return err } }

// line is a source of records of ten bytes each, that are sent in batches.
type line struct {
	*Source[int]
	window *Window[int]
	sender *Sender[int, records]
	read   int
}

func newLine(b *backend, change ...func(*Options[records])) *line {
	options := b.options()
	for _, c := range change {
		c(&options)
	}
	w := NewWindow[int](Limits{})
	return &line{Source: w.NewSource(0), window: w, sender: NewSender(w, options)}
}

// deliver reads n records and sends them in one batch.
func (l *line) deliver(tb testing.TB, n int) {
	tb.Helper()
	batch := l.window.NewBatch()
	for range n {
		l.read++
		batch.Add(l.Source, l.read, 10, 1)
	}
	require.NoError(tb, l.sender.Deliver(batch, upTo(l.read-n+1, l.read)))
}

// awaitIdle waits until all is acknowledged, and ends the test after a day.
func (l *line) awaitIdle(tb testing.TB) {
	tb.Helper()
	end := time.After(24 * time.Hour)
	for !l.Idle() {
		select {
		case <-l.window.Changed():
		case <-end:
			tb.Fatalf("not all is acknowledged: %+v", l.window.Stats())
		}
	}
}

// keepBusy sends record -1 of another source again and again, which is accepted,
// until the function is called that it returns.
func (l *line) keepBusy(tb testing.TB, b *backend, every time.Duration) (stop func()) {
	answer := b.answer
	b.set(func(r records) error {
		if r[0] < 0 {
			return nil
		}
		return answer(r)
	})
	end, ended := make(chan struct{}), make(chan struct{})
	source := l.window.NewSource(0)
	go func() {
		defer close(ended)
		for {
			batch := l.window.NewBatch()
			batch.Add(source, 0, 1, 1)
			if err := l.sender.Deliver(batch, records{-1}); err != nil {
				tb.Error(err)
			}
			select {
			case <-time.After(every):
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-ended; synctest.Wait() }
}

func (l *line) close(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	_ = l.sender.Close(ctx)
}

// pass lets the clock of the test go on.
func pass(d time.Duration) { <-time.After(d) }
