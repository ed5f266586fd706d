// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"fmt"
)

// state is how far a sender is closed. It only ever goes up.
type state uint8

const (
	open state = iota
	// closing: a batch goes on as long as everything succeeds. Its first error, or
	// a pause that it is in, ends it.
	closing
	// closed: nothing is begun any more.
	closed
)

// Close takes no more batches, and waits until those on their way are acknowledged,
// or ctx ends. No send is cancelled. But from now on nothing is tried again: a send
// that fails is as if it had never been, since the failure may come from the
// shutdown, and a batch that waits for its next attempt ends at once.
//
// After Close none of the functions in Options is called, unless the call was just
// about to be made when ctx ended. A send that is running still is left alone: its
// goroutine stays as long as it does, and if it succeeds while the process is alive,
// that counts.
//
// It returns an error that says how many batches are not acknowledged. They are read
// again by whoever starts at the watermarks. Close may be called again.
func (s *Sender[P, D]) Close(ctx context.Context) error {
	s.beginClosing()
	select {
	case <-s.drained:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = closed
	if s.pending == 0 {
		return nil
	}
	err := fmt.Errorf("close sender: batches that are not acknowledged and will be read again: %d", s.pending)
	if s.running > 0 {
		err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	return err
}

func (s *Sender[P, D]) beginClosing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != open {
		return
	}
	s.state = closing
	close(s.closing)
	if s.running == 0 {
		close(s.drained)
	}
}

// leave is the end of a batch's goroutine.
func (s *Sender[P, D]) leave(payload D, acknowledged bool) {
	if acknowledged && s.options.Done != nil {
		s.options.Done(payload)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if acknowledged {
		s.pending--
	}
	if s.state != open && s.running == 0 {
		close(s.drained)
	}
}

// mayRetry reports whether an error counts, so that its cause is tried again.
func (s *Sender[P, D]) mayRetry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == open
}
