// SPDX-License-Identifier: Apache-2.0

package cores

const (
	// busy is the part of the time in which all processors in use were at work when they
	// are not enough. The rest is for what the kernel gives to others.
	busy = 0.9
	// calm is the part when half of them would be. It is far below half of busy, so that
	// the number does not go to and fro.
	calm = 0.35
)

// next returns how many processors to use after a time in which used of now processors
// were at work, at most as many as Go would take.
func next(now, most int, used float64) int {
	switch part := used / float64(now); {
	case part >= busy:
		now *= 2
	case part < calm:
		now /= 2
	}
	return max(1, min(now, most))
}
