// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options say where a sender sends to. The functions are called from several
// goroutines at a time.
type Options[D Payload[D]] struct {
	// Send delivers the payload; nil means that the backend has all of it, an error
	// that it has none. After an error the same payload is sent again: if the
	// consumer changes what it is given, Send gives it a copy, or makes it anew. The
	// context never ends. A Send that does not return keeps its batch for ever in
	// flight, and everything else goes on.
	Send func(context.Context, D) error
	// Judge says what an error of Send means (default: all are Transient).
	Judge func(error) Verdict
	// DeadLetter keeps records that are given up, and returns nil when they are
	// safe. After an error it is called again, with the same ones among others. It
	// may be left out: then nothing is ever given up.
	DeadLetter func([]Letter[D]) error
	// Done is called when a batch is acknowledged, after that, with the payload as it was
	// given to Deliver, of which no part is used any more. It may be left out.
	Done func(D)
	// InitialInterval and MaxInterval are the pauses between attempts, the first one,
	// by and large, and the longest one (default: 500 ms, 30 s). They grow by half
	// each time, and are randomized by half.
	InitialInterval, MaxInterval time.Duration
	// Ordered sends the records of each source in reading order, one batch after the
	// other; batches of different sources still go side by side. Only a record that
	// was refused alone, several times, is overtaken. A source may then be in only
	// one batch that is being filled.
	Ordered bool
}

const (
	defaultInitialInterval = 500 * time.Millisecond
	defaultMaxInterval     = 30 * time.Second
)

// ErrClosed is returned by Deliver after Close.
var ErrClosed = errors.New("the sender is closed")

// Sender delivers batches, each from a goroutine of its own, until they are
// acknowledged.
type Sender[P any, D Payload[D]] struct {
	window  *Window[P]
	options Options[D]
	// closing is closed when Close is called, drained when after that no batch is
	// on its way any more.
	closing chan struct{}
	drained chan struct{}

	mu    sync.Mutex
	state state
	// running counts the batches on their way, pending those that are not
	// acknowledged.
	running, pending int
	evidence         evidence
}

// NewSender returns a sender for the batches of a window. Intervals that are not
// positive get their default.
func NewSender[P any, D Payload[D]](window *Window[P], options Options[D]) *Sender[P, D] {
	if options.Judge == nil {
		options.Judge = func(error) Verdict { return Transient }
	}
	if options.InitialInterval <= 0 {
		options.InitialInterval = defaultInitialInterval
	}
	if options.MaxInterval <= 0 {
		options.MaxInterval = defaultMaxInterval
	}
	return &Sender[P, D]{
		window:   window,
		options:  options,
		closing:  make(chan struct{}),
		drained:  make(chan struct{}),
		evidence: evidence{news: make(chan struct{})},
	}
}

// Deliver sends the payload of the batch until all its records are accepted or kept
// as dead letters, and then acknowledges its spans. It does not wait for that: what
// bounds the number of batches is the budget. Nothing is sent before all of after are
// closed. The only error is ErrClosed, after which the batch stays in flight. An empty
// payload is acknowledged at once.
func (s *Sender[P, D]) Deliver(b *Batch[P], payload D, after ...<-chan struct{}) error {
	if b.window != s.window {
		panic("delivery: batch and sender belong to different windows")
	}
	n := payload.Len()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != open {
		return ErrClosed
	}
	if turn := b.handOver(n, s.options.Ordered); turn != nil {
		after = append(after, turn)
	}
	if n == 0 {
		return nil
	}
	s.running++
	s.pending++
	go s.carry(b, payload, after)
	return nil
}

// carry is the goroutine of a batch.
func (s *Sender[P, D]) carry(b *Batch[P], payload D, after []<-chan struct{}) {
	acknowledged := false
	defer func() { s.leave(payload, acknowledged) }()
	for _, turn := range after {
		select {
		case <-turn:
		case <-s.closing:
			return
		}
	}
	growStack() // Not before: who waits for a turn needs none.
	p := passage[P, D]{sender: s, batch: b, pieces: []piece[D]{{payload: payload}}}
	acknowledged = p.run()
}
