// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"time"
)

const (
	// fewBatches are enough for a backend that is near: while one is compressed, the next
	// one is sent and the one after that is read.
	fewBatches = 2
	// nextBatch is after how long one more is sent to a backend that is far away, or
	// slow. Each of them takes some megabytes of memory.
	nextBatch = 50 * time.Millisecond
)

// mayRead reports whether there is room for another batch. If not, tail is woken when
// there is.
func (r *podLogs) mayRead() bool {
	switch pending := int(r.pending.Load()); {
	case pending < min(fewBatches, r.config.InFlight.MaxBatches):
		return true
	case pending >= r.config.InFlight.MaxBatches:
		return false // The end of one of them wakes it.
	}
	if r.now().Sub(r.sent) >= nextBatch {
		return true
	}
	r.held = true
	return false
}

// Pass sends what has waited long enough, and has the positions stored.
func (r *podLogs) Pass() time.Duration {
	now := r.now()
	next := sooner(r.marks.pass(now, r.window), r.outlet.Health.Pass(now, r.tail.Unreadable))
	next = sooner(next, r.roster.pass(now, r.reconsider, r.wake))
	next = sooner(next, r.limits.pass(r, now))
	next = sooner(next, r.expire(now))
	if r.held {
		wait := nextBatch - now.Sub(r.sent)
		if wait <= 0 {
			r.held = false
			r.wake()
		}
		next = sooner(next, max(wait, time.Millisecond))
	}
	if r.batch.empty() {
		return next
	}
	wait := r.config.Batch.Timeout - now.Sub(r.batch.began)
	if wait <= 0 {
		r.flush()
		return next
	}
	return sooner(next, wait)
}

// sooner is the shorter time; 0 is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// flush sends what is gathered.
func (r *podLogs) flush() {
	if r.batch.empty() {
		return
	}
	spans, payload := r.batch.spans, r.batch.take()
	r.batch.next(r.window.NewBatch())
	r.sent = r.now()
	r.pending.Add(1)
	var after []<-chan struct{}
	payload.flight, after = r.order.enter(payload)
	if r.sender.Deliver(spans, payload, after...) != nil {
		r.pending.Add(-1) // The sender is closed: it is read again.
	}
}

func (r *podLogs) now() time.Time { return r.clock() }
