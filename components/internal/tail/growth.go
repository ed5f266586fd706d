// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"slices"
	"time"
)

// maxSteps is how many sizes of a file are remembered.
const maxSteps = 16

// growth remembers how large a file was when, from which follows for how long what is not delivered has been there. The
// longer a file is behind, the farther apart are the sizes: what comes out is up to an eighth too long, and never too short.
type growth struct {
	steps []step
	// apart is the least time between two steps.
	apart time.Duration
}

// step says that there was nothing behind size at this time.
type step struct {
	size int64
	at   time.Time
}

// note remembers a size.
func (g *growth) note(size int64, now time.Time) {
	for len(g.steps) > 0 && g.steps[len(g.steps)-1].size > size {
		g.steps = g.steps[:len(g.steps)-1] // The file was cut off.
	}
	if n := len(g.steps); n == 0 {
		g.apart = 0
	} else if last := g.steps[n-1]; last.size == size || now.Sub(last.at) < g.apart {
		return
	}
	if len(g.steps) == maxSteps {
		for i := range maxSteps / 2 {
			g.steps[i] = g.steps[2*i]
		}
		g.steps = g.steps[:maxSteps/2]
		g.apart = max(2*g.apart, 2*measureInterval)
	}
	g.steps = append(g.steps, step{size: size, at: now})
}

// since returns since when what is at the position has been there at most, and behind when nothing better is known.
func (g *growth) since(position int64, behind time.Time) time.Time {
	passed := 0
	for passed < len(g.steps) && g.steps[passed].size <= position {
		behind = g.steps[passed].at
		passed++
	}
	g.steps = slices.Delete(g.steps, 0, passed)
	return behind
}
