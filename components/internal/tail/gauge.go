// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"sync/atomic"
	"time"
)

// Gauges is the state of all files in one moment.
type Gauges struct {
	// Containers counts the folders that are read.
	Containers int64
	// Reading, Idle, Waiting, Finished and Troubled count the files by what becomes of
	// them: something in them is not delivered yet, everything is, they hold no line
	// yet, they are closed since nothing more comes, they cannot be read. A folder that
	// cannot be read, or in which a file cannot be opened, counts as troubled, too.
	Reading, Idle, Waiting, Finished, Troubled int64
	// Paused counts those in which something was not read yet because of a limit;
	// PausedSeconds is for how long that has been so of the container that waits longest.
	// It ends when all that a container has written is read.
	Paused        int64
	PausedSeconds float64
	// Copied counts the files that were copied aside, among those that are read.
	Copied int64
	// LagBytes is what is not delivered, LagSeconds for how long the oldest of it has been
	// there.
	LagBytes   int64
	LagSeconds float64
	// AtRiskBytes is what is not delivered of files that have no name and no copy: it
	// would be lost with the process.
	AtRiskBytes int64
	// Watching says that changes in the folders are reported by the kernel.
	Watching bool
}

// gauges publishes what one goroutine has counted.
type gauges struct {
	now  atomic.Pointer[Gauges]
	next time.Time
}

const measureInterval = time.Second

// Gauges returns the newest state, which is a second old at most while anything
// happens. Any goroutine may call it.
func (t *Tail) Gauges() Gauges {
	if g := t.gauges.now.Load(); g != nil {
		return *g
	}
	return Gauges{}
}

func (t *Tail) measureIfDue() {
	if t.now.Before(t.gauges.next) {
		return
	}
	t.measure()
}

func (t *Tail) measure() {
	t.gauges.next = t.now.Add(measureInterval)
	g := Gauges{Watching: !t.tree.blind, Troubled: t.tree.unreadable()}
	for _, d := range t.agenda {
		if d.wanted {
			g.Containers++
		}
		if d.unreadable {
			g.Troubled++
		}
		if !d.pausedSince.IsZero() {
			g.PausedSeconds = max(g.PausedSeconds, t.now.Sub(d.pausedSince).Seconds())
		}
		for _, f := range d.files {
			t.count(&g, d, f)
		}
	}
	t.gauges.now.Store(&g)
}

func (t *Tail) count(g *Gauges, d *folder, f *File) {
	switch {
	case !f.troubled.IsZero():
		g.Troubled++
	case !f.identified():
		g.Waiting++
	case f.handle == nil && f.copied == nil && !f.resting:
		g.Finished++
	case f.behind.IsZero():
		g.Idle++
	case !d.pausedSince.IsZero() && !f.atEnd:
		g.Paused++
	default:
		g.Reading++
	}
	if f.copied != nil {
		g.Copied++
	}
	if !f.identified() || f.behind.IsZero() {
		return
	}
	position := f.position().Start()
	if !f.compressed() {
		f.behind = f.growth.since(position, f.behind)
		f.growth.note(f.size, t.now)
	}
	lag := f.length() - position
	if lag <= 0 {
		return
	}
	g.LagBytes += lag
	g.LagSeconds = max(g.LagSeconds, t.now.Sub(f.behind).Seconds())
	if len(f.names) == 0 && f.copied == nil {
		g.AtRiskBytes += lag
	}
}
