// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"math"
	"time"
)

// Policy says what becomes of lines above a limit.
type Policy uint8

const (
	// Pause lets them wait where they are.
	Pause Policy = iota
	// Drop gives them up.
	Drop
)

// Limit bounds lines and bytes; 0 is no limit.
type Limit struct {
	LinesPerSecond, BytesPerSecond int64
	// Burst is for how long the limit may be saved up: after a silence, what it allows in
	// this time may be taken at once.
	Burst  time.Duration
	Policy Policy
}

// None reports whether nothing is bounded.
func (l Limit) None() bool { return l.LinesPerSecond <= 0 && l.BytesPerSecond <= 0 }

// Lower returns the lower of both in lines and in bytes. What else there is to say is of the
// receiver of the call.
func (l Limit) Lower(other Limit) Limit {
	l.LinesPerSecond = lower(l.LinesPerSecond, other.LinesPerSecond)
	l.BytesPerSecond = lower(l.BytesPerSecond, other.BytesPerSecond)
	return l
}

func lower(a, b int64) int64 {
	if a <= 0 || b <= 0 {
		return max(a, b)
	}
	return min(a, b)
}

// gather is how much of a rate is gathered before it is taken: to take each line as soon as
// it is allowed would cost more than to wait for some more.
const gather = 100 * time.Millisecond

// level is what is left of a rate.
type level struct {
	// perSecond is the rate, most what may be saved up; without a limit both are infinite,
	// as is what is left.
	perSecond, most float64
	// left is below zero when more was taken than there was.
	left float64
}

func newLevel(perSecond int64, burst time.Duration) level {
	if perSecond <= 0 {
		return level{perSecond: math.Inf(1), most: math.Inf(1), left: math.Inf(1)}
	}
	most := max(float64(perSecond)*burst.Seconds(), 1)
	return level{perSecond: float64(perSecond), most: most, left: most}
}

func (l *level) refill(passed time.Duration) {
	if passed > 0 && l.left < l.most {
		l.left = min(l.left+l.perSecond*passed.Seconds(), l.most)
	}
}

// portion is how much one that waits takes at least.
func (l *level) portion() float64 { return min(max(l.perSecond*gather.Seconds(), 1), l.most) }

// wait returns how long it takes until somebody may take something while so many others
// stand before him; 0 is now.
func (l *level) wait(before int) time.Duration {
	if math.IsInf(l.perSecond, 1) {
		return 0
	}
	needed := l.portion() * float64(before+1)
	if needed > l.most && before > 0 {
		// There is never so much: those before have to be served first.
		return max(l.until(l.most), gather)
	}
	return l.until(needed)
}

// share is what each of so many that wait may take.
func (l *level) share(all int) float64 {
	if math.IsInf(l.perSecond, 1) {
		return l.left
	}
	return max(l.left/float64(all), min(l.portion(), l.left))
}

// until returns how long it takes until so much is left.
func (l *level) until(needed float64) time.Duration {
	if l.left >= needed {
		return 0
	}
	// Years of debt are no time that can be written down.
	seconds := min((needed-l.left)/l.perSecond, 1e6)
	return time.Duration(seconds*1e9) + 1
}

// Bucket is what is left of a limit. All that share it have a place in its queue.
type Bucket struct {
	limit        Limit
	lines, bytes level
	// at is until when it is filled.
	at    time.Time
	queue queue
	// accounts counts those that share it.
	accounts int
}

// NewBucket returns a full one.
func NewBucket(limit Limit, now time.Time) *Bucket {
	return &Bucket{
		limit: limit, at: now,
		lines: newLevel(limit.LinesPerSecond, limit.Burst), bytes: newLevel(limit.BytesPerSecond, limit.Burst),
	}
}

// Set changes the limit. What was taken before is not forgotten: debt stays.
func (b *Bucket) Set(limit Limit, now time.Time) {
	if limit == b.limit {
		return
	}
	b.refill(now)
	lines, bytes := b.lines.left, b.bytes.left
	b.limit = limit
	b.lines, b.bytes = newLevel(limit.LinesPerSecond, limit.Burst), newLevel(limit.BytesPerSecond, limit.Burst)
	b.lines.left, b.bytes.left = min(b.lines.left, lines), min(b.bytes.left, bytes)
	if b.lines.most == math.Inf(1) {
		b.lines.left = b.lines.most
	}
	if b.bytes.most == math.Inf(1) {
		b.bytes.left = b.bytes.most
	}
}

// refill adds what has become free. A clock that goes back adds nothing.
func (b *Bucket) refill(now time.Time) {
	passed := now.Sub(b.at)
	b.lines.refill(passed)
	b.bytes.refill(passed)
	b.at = now
}

// allows reports whether something may be taken.
func (b *Bucket) allows() bool { return b.lines.left > 0 && b.bytes.left > 0 }

// charge takes, and may overdraw.
func (b *Bucket) charge(lines, bytes float64) {
	b.lines.left -= lines
	b.bytes.left -= bytes
}
