// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"fmt"
	"slices"
)

// The budget bounds what lies between the watermarks and the readers. A reader
// reserves bytes before it reads. Spans take from what is reserved, and are charged
// until the watermark has passed them: not only until they are acknowledged, or the
// source of a span that hangs would go on for ever, with all that is behind that
// span to be remembered, and to be read again after a crash.
//
// Who waits is served in the order of arrival. As a source waits but once at a
// time, and goes to the end of the queue for more, none starves the others. One
// that has used up its own share does not stand in the queue: it joins when some of
// its own bytes come back. Nobody overtakes the first in the queue, so that a large
// wish is met some time, too.

// place is where a source stands while it waits for the budget.
type place uint8

const (
	nowhere place = iota
	// parked: it has used up its own share.
	parked
	// queued: it waits for the budget of all.
	queued
)

// Acquire waits until n bytes are reserved for the source, what was reserved before
// included. It returns an error only when ctx ends, and then nothing is changed.
// Only one goroutine may read a source at a time.
//
// Two rules keep a reader from waiting for itself: it delivers its open batch
// before it waits, and while it waits for one source it has nothing reserved for
// another one. Who reads many sources in one goroutine uses TryAcquire for all.
func (s *Source[P]) Acquire(ctx context.Context, n int64) error {
	if ctx.Err() == nil {
		granted, ok := s.reserve(n, true)
		if ok {
			return nil
		}
		select {
		case <-granted:
			return nil
		case <-ctx.Done():
		}
	}
	w := s.window
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leaveQueue(s)
	if n <= s.reserved {
		return nil // Granted in the same moment.
	}
	return fmt.Errorf("reserve %d bytes: %w", n, context.Cause(ctx))
}

// TryAcquire reports whether n bytes are reserved for the source, what was reserved
// before included. If not, the source waits for them in the queue, and Room gets a
// signal when it has them: then the next call returns true.
func (s *Source[P]) TryAcquire(n int64) bool {
	_, ok := s.reserve(n, false)
	return ok
}

// Room gets a signal when bytes are reserved for a source that TryAcquire had to
// send to the queue. Signals that nobody has taken yet are one.
func (w *Window[P]) Room() <-chan struct{} { return w.room }

// Release gives back what is reserved for the source and in no span, and ends its
// waiting. A reader calls it when it has read less than it reserved, and when it
// leaves the source.
func (s *Source[P]) Release() {
	w := s.window
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leaveQueue(s)
	w.release(s, s.reserved)
	s.reserved = 0
	w.grant()
}

// reserve reports whether n bytes are reserved for the source. If not, the source is
// in the queue, and who waits gets a channel that is closed when they are.
func (s *Source[P]) reserve(n int64, wait bool) (granted <-chan struct{}, ok bool) {
	w := s.window
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.granted != nil {
		panic("delivery: two goroutines acquire for one source")
	}
	if n <= s.reserved {
		w.leaveQueue(s)
		return nil, true
	}
	s.want = n
	if s.place != queued {
		w.enter(s)
	}
	w.grantAsked(s)
	if s.want == 0 {
		return nil, true
	}
	if wait {
		s.granted = make(chan struct{})
	}
	return s.granted, false
}

// enter puts a source that wants something in its place.
func (w *Window[P]) enter(s *Source[P]) {
	if !w.withinShare(s) {
		s.place = parked
		return
	}
	s.place = queued
	w.queue = append(w.queue, s)
}

// grant serves the queue as far as the budget reaches.
func (w *Window[P]) grant() { w.grantAsked(nil) }

// grantAsked is grant on behalf of a source, which needs no signal.
func (w *Window[P]) grantAsked(asking *Source[P]) {
	for len(w.queue) > 0 {
		s := w.queue[0]
		if !w.withinShare(s) { // It wants more than when it came.
			w.dequeue()
			s.place = parked
			continue
		}
		if !w.withinBudget(s) {
			return
		}
		w.dequeue()
		more := s.want - s.reserved
		s.used += more
		w.used += more
		s.reserved = s.want
		s.want, s.place = 0, nowhere
		switch {
		case s.granted != nil:
			close(s.granted)
			s.granted = nil
		case s != asking:
			signal(w.room)
		}
	}
}

func (w *Window[P]) dequeue() {
	w.queue = slices.Delete(w.queue, 0, 1)
}

// withinShare reports whether the source's own share allows what it wants: it fits,
// or it is the only thing of this source.
func (w *Window[P]) withinShare(s *Source[P]) bool {
	others := s.used - s.reserved
	return others == 0 || others+s.want <= w.limits.MaxBytesPerSource
}

// withinBudget does the same for the budget of all.
func (w *Window[P]) withinBudget(s *Source[P]) bool {
	others := w.used - s.reserved
	return others == 0 || others+s.want <= w.limits.MaxBytes
}

// release takes bytes off what a source is charged. The caller grants afterwards.
func (w *Window[P]) release(s *Source[P], bytes int64) {
	s.used -= bytes
	w.used -= bytes
	if s.place == parked {
		w.enter(s)
	}
}

// leaveQueue ends the waiting of a source. Those behind it may have waited for it.
func (w *Window[P]) leaveQueue(s *Source[P]) {
	was := s.place
	s.want, s.place, s.granted = 0, nowhere, nil
	if was == queued {
		i := slices.Index(w.queue, s)
		w.queue = slices.Delete(w.queue, i, i+1)
		w.grant()
	}
}
