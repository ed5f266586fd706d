// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"time"

	"github.com/cenkalti/backoff/v7"
)

// All pauses return false, at once, when the sender is closed.

// pause waits longer each time, until something of the batch is accepted.
func (p *passage[P, D]) pause() bool {
	return p.sender.wait(p.delay(), nil)
}

// pauseOrNews is pause, but ends when the backend accepts something after it has
// refused: it is well then, and the next piece may be.
func (p *passage[P, D]) pauseOrNews() bool {
	return p.waitForNews(0, p.delay())
}

// pauseForNews is pause before the same is sent again. It ends early when the
// backend accepts something: now is the time to see the difference.
func (p *passage[P, D]) pauseForNews() bool {
	longest := p.delay()
	return p.waitForNews(min(longest, p.sender.options.InitialInterval), longest)
}

// pauseBetweenRounds waits before what is left is tried again.
func (p *passage[P, D]) pauseBetweenRounds() bool {
	if len(p.pieces) == 0 || p.sender.options.DeadLetter == nil {
		// News would change nothing.
		return p.pause()
	}
	return p.pauseForNews()
}

// delay returns how long the next pause is.
func (p *passage[P, D]) delay() time.Duration {
	o := &p.sender.options
	if p.backOff.InitialInterval == 0 {
		p.backOff = backoff.ExponentialBackOff{
			InitialInterval:     o.InitialInterval,
			RandomizationFactor: backoff.DefaultRandomizationFactor,
			Multiplier:          backoff.DefaultMultiplier,
			MaxInterval:         o.MaxInterval * 2 / 3, // Before it is randomized.
		}
	}
	return min(p.backOff.NextBackOff(), o.MaxInterval)
}

// waitForNews waits until something is accepted that was sent after the last
// refusal, but not shorter and not longer than is said. The pauses start again from
// the first one then.
func (p *passage[P, D]) waitForNews(shortest, longest time.Duration) bool {
	s, end := p.sender, time.Now().Add(longest)
	if !s.wait(shortest, nil) {
		return false
	}
	for {
		news := s.nextNews(p.lastRefused)
		if news == nil {
			p.backOff.Reset()
			return true
		}
		left := time.Until(end)
		if left <= 0 {
			return true
		}
		if !s.wait(left, news) {
			return false
		}
	}
}

// wait returns after the delay, or when the channel is closed, if it is not nil.
func (s *Sender[P, D]) wait(delay time.Duration, or <-chan struct{}) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-or:
	case <-s.closing:
		return false
	}
	select {
	case <-s.closing:
		return false
	default:
		return true
	}
}
