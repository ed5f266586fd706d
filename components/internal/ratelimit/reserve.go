// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "time"

// Nobody waits for a limit that drops, so that there is no queue: who prints most would have
// most of it. Therefore each of those that print has a reserve, which is filled with its part
// of the limit. A line is taken from what the bucket has, or else from the reserve of its
// container, which the bucket then owes. What some leave of their part is for the others.

// round counts those that print.
type round struct {
	number uint64
	began  time.Time
	// asked have printed in this round, sharers in the one before.
	asked, sharers int
}

// reserve is what is left of the part of one container.
type reserve struct {
	lines, bytes float64
	at           time.Time
	round        uint64
}

// fill adds to the reserve what has become free of its part.
func (b *Bucket) fill(r *reserve, now time.Time) {
	if b.round.number == 0 || now.Sub(b.round.began) >= b.limit.Burst {
		b.round = round{number: b.round.number + 1, began: now, sharers: b.round.asked}
	}
	if r.round != b.round.number {
		r.round = b.round.number
		b.round.asked++
	}
	passed := b.limit.Burst // Who is new has it full.
	if !r.at.IsZero() {
		passed = now.Sub(r.at)
	}
	r.at = now
	all := float64(max(b.round.asked, b.round.sharers))
	if passed > 0 {
		r.lines += b.lines.perSecond * passed.Seconds() / all
		r.bytes += b.bytes.perSecond * passed.Seconds() / all
	}
	r.lines, r.bytes = min(r.lines, b.lines.most/all), min(r.bytes, b.bytes.most/all)
}

func (r *reserve) allows() bool { return r.lines > 0 && r.bytes > 0 }

// charge takes from it what is there. What was taken of the parts of others is no debt.
func (r *reserve) charge(lines, bytes float64) {
	if r.allows() {
		r.lines -= lines
		r.bytes -= bytes
	}
}
