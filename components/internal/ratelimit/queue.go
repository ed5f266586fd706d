// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"slices"
	"time"
)

// Who asks a bucket for more than it has waits in its queue, and goes to the end of it for
// more. What the bucket has is shared with all that wait: somebody who asks more often, or
// earlier, gets no more than they do. Nobody has to leave the queue: who was told when to come
// again and does not is forgotten.

// patience is after how long somebody who does not come is forgotten.
const patience = 3 * time.Second

// queue holds those that wait for a bucket, the first one in front.
type queue []*place

// place is that of an account in a queue.
type place struct {
	// due is when it was told to come again.
	due time.Time
}

// before returns how many wait before a place, which may not be in the queue.
func (q *queue) before(p *place, now time.Time) int {
	for len(*q) > 0 && (*q)[0] != p && now.Sub((*q)[0].due) > patience {
		*q = slices.Delete(*q, 0, 1)
	}
	if i := slices.Index(*q, p); i >= 0 {
		return i
	}
	return len(*q)
}

func (q *queue) leave(p *place) {
	if i := slices.Index(*q, p); i >= 0 {
		*q = slices.Delete(*q, i, i+1)
	}
}

// share returns what may be taken from a place, or when to ask again: then it waits.
func (b *Bucket) share(p *place, now time.Time) (lines, bytes float64, until time.Time) {
	b.refill(now)
	before := b.queue.before(p, now)
	wait := max(b.lines.wait(before), b.bytes.wait(before))
	if wait > 0 {
		p.due = now.Add(wait)
		if before == len(b.queue) {
			b.queue = append(b.queue, p)
		}
		return 0, 0, p.due
	}
	all := len(b.queue)
	if before == all {
		all++
	}
	return b.lines.share(all), b.bytes.share(all), time.Time{}
}
