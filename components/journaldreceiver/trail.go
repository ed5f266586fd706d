// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import "time"

// trail knows how far entries have certainly left the operators. An operator such as
// `recombine` holds entries back, and what it gives out does not say which entries are in
// it. What can be known is for how long it holds one at most: what was read before that
// time is out.
type trail struct {
	// hold is that time; with 0, what is read is out at once.
	hold time.Duration
	// first is where reading began.
	first position
	// out is how far entries are out, steps are where reading stood later than that.
	out   position
	steps []step
}

type step struct {
	at time.Time
	position
}

// start says where reading begins.
func (t *trail) start(p position) { t.first, t.out = p, p }

// reached is told where reading stands, and returns up to where everything is out.
func (t *trail) reached(now time.Time, read position) position {
	if t.hold == 0 {
		return read
	}
	if n := len(t.steps); n == 0 || now.Sub(t.steps[n-1].at) >= t.hold/16 {
		t.steps = append(t.steps, step{now, read})
	}
	passed := 0
	for ; passed < len(t.steps) && now.Sub(t.steps[passed].at) >= t.hold; passed++ {
		t.out = t.steps[passed].position
	}
	t.steps = append(t.steps[:0], t.steps[passed:]...)
	return t.out
}
