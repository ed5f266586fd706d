// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"math"
	"time"
)

// Scope is whose limit it is.
type Scope uint8

// The scopes, in the order in which a line has to pass them.
const (
	Pod Scope = iota
	Namespace
	scopes
)

// String is the name in settings and metrics.
func (s Scope) String() string { return [...]string{"pod", "namespace"}[s] }

// Account is that of one container with its buckets.
type Account struct {
	owner Owner
	// buckets are those with a limit; nil is none.
	buckets [scopes]*Bucket
	places  [scopes]place
	// limited says that there is one, drops that one of them gives lines up.
	limited, drops bool
	// lines and bytes are what was charged since the last grant, mean the length of a line
	// before that.
	lines, bytes, mean float64
}

// firstMean is how long lines are taken to be before one is seen.
const firstMean = 256

// Limited reports whether anything bounds the container. If not, nothing else has to be
// asked of the account.
func (a *Account) Limited() bool { return a.limited }

// Grant returns how many bytes may be read now: as many as its share of the buckets allows,
// at most most, and in any case least, so that a line of any length can be read whole. With
// 0 nothing may be read before a time.
func (a *Account) Grant(now time.Time, most, least int64) (n int64, until time.Time) {
	if a.lines > 0 {
		a.mean = a.bytes / a.lines
		a.lines, a.bytes = 0, 0
	}
	allowed := math.Inf(1)
	for scope, b := range a.buckets {
		if b == nil || b.limit.Policy != Pause {
			continue
		}
		lines, bytes, after := b.share(&a.places[scope], now)
		if after.After(until) {
			until = after
		}
		allowed = min(allowed, lines*a.mean, bytes)
	}
	if !until.IsZero() {
		return 0, until
	}
	for scope, b := range a.buckets {
		if b != nil {
			b.queue.leave(&a.places[scope])
		}
	}
	if allowed < float64(most) {
		most = max(int64(max(allowed, a.mean)), 1)
	}
	return max(most, least), time.Time{}
}

// Begin says what time it is for the calls of Admit that follow.
func (a *Account) Begin(now time.Time) {
	for _, b := range a.buckets {
		if b != nil {
			b.refill(now)
		}
	}
}

// Admit charges a line of so many bytes and returns true, unless a limit gives it up: then
// nothing is charged, and the scope is that of the limit.
func (a *Account) Admit(bytes int) (Scope, bool) {
	if a.drops {
		for scope, b := range a.buckets {
			if b != nil && b.limit.Policy == Drop && !b.allows() {
				return Scope(scope), false //nolint:gosec // One of two.
			}
		}
	}
	a.charge(1, float64(bytes))
	return 0, true
}

// Rest charges more bytes of a line that was admitted.
func (a *Account) Rest(bytes int) { a.charge(0, float64(bytes)) }

func (a *Account) charge(lines, bytes float64) {
	a.lines += lines
	a.bytes += bytes
	for _, b := range a.buckets {
		if b != nil {
			b.charge(lines, bytes)
		}
	}
}
