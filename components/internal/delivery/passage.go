// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"fmt"
	"slices"

	"github.com/cenkalti/backoff/v7"
)

// maxPieces bounds how many requests a backend that refuses everything makes of a
// batch. While it accepts other things, there is no bound.
const maxPieces = 64

// passage is the way of one batch to the backend. What is refused is cut in two,
// and the halves are sent one after the other, before anything that is behind them:
// so what is at fault ends up alone, and the rest is sent once, in order.
//
// The pieces are gone through in rounds. One that is refused and cannot be cut is
// suspect: it is overtaken by the others, and tried again in the next round.
type passage[P any, D Payload[D]] struct {
	sender *Sender[P, D]
	batch  *Batch[P]
	// pieces are what is not accepted yet, in order; at is the next one to be sent.
	pieces []piece[D]
	at     int
	// letters are the records that are given up and not written yet.
	letters []Letter[D]
	// lastRefused is when something was refused last.
	lastRefused int64
	backOff     backoff.ExponentialBackOff
}

// piece is a part of the payload.
type piece[D any] struct {
	payload D
	// firstRefused is when it, or what it was cut from, was refused first, or 0.
	firstRefused int64
	// suspectSince is when it was refused first and not cut, or 0; suspected is how
	// often that has happened, and proofs how often with evidence against it.
	suspectSince      int64
	suspected, proofs int
}

// run returns true when the batch is acknowledged, and false when the sender was
// closed before.
func (p *passage[P, D]) run() bool {
	for {
		for p.at < len(p.pieces) {
			if !p.sendNext() {
				return false
			}
		}
		if !p.writeLetters() {
			return false
		}
		if len(p.pieces) == 0 && len(p.letters) == 0 {
			return true
		}
		p.at = 0
		if !p.pauseBetweenRounds() {
			return false
		}
	}
}

// sendNext sends a piece once.
func (p *passage[P, D]) sendNext() bool {
	s, next := p.sender, &p.pieces[p.at]
	// The consumer may take the records out of what it accepts.
	records := next.payload.Len()
	began, ok := s.begin()
	if !ok {
		return false
	}
	err := s.options.Send(context.Background(), next.payload)
	if err == nil {
		p.batch.settle(records, delivered)
		s.accepted(began)
		p.remove()
		p.backOff.Reset()
		return true
	}
	if !s.mayRetry() {
		return false
	}
	switch s.options.Judge(err) {
	case Abandoned:
		return false
	case Refused:
		p.batch.window.countFailure(func(f *Failures) *int64 { return &f.Refused })
		return p.refused(next, err)
	case Misconfigured:
		p.batch.window.countFailure(func(f *Failures) *int64 { return &f.Misconfigured })
	default:
		p.batch.window.countFailure(func(f *Failures) *int64 { return &f.Transient })
	}
	return p.pause()
}

// refused cuts the piece, gives it up, or makes it suspect.
func (p *passage[P, D]) refused(refused *piece[D], reason error) bool {
	s := p.sender
	p.lastRefused = s.refused()
	if refused.firstRefused == 0 {
		refused.firstRefused = p.lastRefused
	}
	single := refused.payload.Len() <= 1
	if !single && (len(p.pieces) < maxPieces || s.proves(refused.firstRefused)) {
		p.cut()
		return true
	}
	proof := single && s.proves(refused.firstRefused)
	if refused.suspectSince == 0 {
		refused.suspectSince = p.lastRefused
	}
	refused.suspected++
	if proof {
		refused.proofs++
	}
	sure := refused.proofs >= sureAfter && s.options.DeadLetter != nil
	if sure && s.mayGiveUp(refused.suspectSince) {
		p.letters = append(p.letters, Letter[D]{Payload: refused.payload, Reason: reason})
		p.remove()
		return true
	}
	if s.options.Ordered && refused.suspected < sureAfter {
		return p.pauseForNews()
	}
	p.at++
	if proof || p.at == len(p.pieces) {
		return true
	}
	return p.pauseOrNews()
}

// cut puts two halves in the place of the piece.
func (p *passage[P, D]) cut() {
	whole := p.pieces[p.at]
	n := whole.payload.Len()
	first, second := whole.payload.Split(n / 2)
	if first.Len() != n/2 || first.Len()+second.Len() != n {
		panic(fmt.Sprintf("delivery: %d records were split into %d and %d", n, first.Len(), second.Len()))
	}
	p.pieces = slices.Replace(p.pieces, p.at, p.at+1,
		piece[D]{payload: first, firstRefused: whole.firstRefused},
		piece[D]{payload: second, firstRefused: whole.firstRefused})
}

func (p *passage[P, D]) remove() {
	p.pieces = slices.Delete(p.pieces, p.at, p.at+1)
}

// writeLetters hands over what is given up. It leaves the letters as they are when
// that fails.
func (p *passage[P, D]) writeLetters() bool {
	if len(p.letters) == 0 {
		return true
	}
	s := p.sender
	if _, ok := s.begin(); !ok {
		return false
	}
	if err := s.options.DeadLetter(slices.Clip(p.letters)); err != nil {
		if !s.mayRetry() {
			return false
		}
		p.batch.window.countFailure(func(f *Failures) *int64 { return &f.DeadLetter })
		return true
	}
	p.batch.settle(len(p.letters), deadLettered)
	p.letters = nil
	return true
}
