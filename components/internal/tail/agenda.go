// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"container/heap"
	"slices"
	"time"
)

// agenda holds the folders by when something has to be done for them: a heap, with the
// first one on top. Most of the folders of a node are silent most of the time, and those
// cost nothing.
type agenda []*folder

// notNoted is the index of a folder that is not in the agenda.
const notNoted = -1

// when is the time at which something has to be done for a folder.
func (d *folder) when() time.Time {
	if d.dirty && d.lookAt.Before(d.due) {
		return d.lookAt
	}
	return d.due
}

// note takes a folder into the agenda, or moves it to the place that it has now.
func (a *agenda) note(d *folder) {
	if d.index == notNoted {
		heap.Push(a, d)
		return
	}
	heap.Fix(a, d.index)
}

// drop takes a folder out of the agenda.
func (a *agenda) drop(d *folder) {
	if d.index != notNoted {
		heap.Remove(a, d.index)
	}
}

// take removes the folders whose time has come. Who was served least recently comes first.
func (a *agenda) take(now time.Time, into []*folder) []*folder {
	for len(*a) > 0 && !(*a)[0].when().After(now) {
		into = append(into, heap.Pop(a).(*folder))
	}
	slices.SortFunc(into, func(x, y *folder) int { return int(x.served - y.served) })
	return into
}

// wait is how long nothing has to be done, at most a time.
func (a *agenda) wait(now time.Time, most time.Duration) time.Duration {
	if len(*a) == 0 {
		return most
	}
	return min(most, (*a)[0].when().Sub(now))
}

// Len, Less, Swap, Push and Pop are for the package heap.

func (a *agenda) Len() int { return len(*a) }

func (a *agenda) Less(i, j int) bool { return (*a)[i].when().Before((*a)[j].when()) }

func (a *agenda) Swap(i, j int) {
	s := *a
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (a *agenda) Push(x any) {
	d := x.(*folder)
	d.index = len(*a)
	*a = append(*a, d)
}

func (a *agenda) Pop() any {
	s := *a
	last := len(s) - 1
	d := s[last]
	s[last], d.index = nil, notNoted
	*a = s[:last]
	return d
}
