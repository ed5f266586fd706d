// SPDX-License-Identifier: Apache-2.0

package delivery

import "sync"

// Limits bound what is in flight, in bytes of the sources. A span that is larger
// than a limit is let through when nothing else is in its way.
type Limits struct {
	// MaxBytes bounds all sources together (default: 32 MiB).
	MaxBytes int64
	// MaxBytesPerSource bounds each source (default: 4 MiB).
	MaxBytesPerSource int64
}

const (
	defaultMaxBytes          = 32 << 20
	defaultMaxBytesPerSource = 4 << 20
)

// Window holds the books of what is in flight: the sources with their watermarks,
// the budget, and the counters. One lock guards them all, so that they agree with
// each other at every moment. All its methods, and those of its sources, may be
// used by several goroutines.
type Window[P any] struct {
	limits Limits
	// changed and room hold at most one signal each.
	changed chan struct{}
	room    chan struct{}

	mu    sync.Mutex
	stats Stats
	// used is what is charged to the budget, by all sources together.
	used int64
	// queue holds the sources that wait for the budget of all, the next one first.
	queue []*Source[P]
	// moved holds each source whose watermark has moved since TakeMoved, once.
	moved []*Source[P]
	// free holds spans to be used again, linked by next.
	free     *span[P]
	freeSize int
}

// NewWindow returns an empty window. Limits that are not positive get their default.
func NewWindow[P any](limits Limits) *Window[P] {
	if limits.MaxBytes <= 0 {
		limits.MaxBytes = defaultMaxBytes
	}
	if limits.MaxBytesPerSource <= 0 {
		limits.MaxBytesPerSource = defaultMaxBytesPerSource
	}
	return &Window[P]{
		limits:  limits,
		changed: make(chan struct{}, 1),
		room:    make(chan struct{}, 1),
	}
}

// Changed gets a signal when the watermark of a source has moved. Signals that
// nobody has taken yet are one. It is meant for a single goroutine, the one that
// writes the checkpoints: take a signal, TakeMoved, write, and only then look
// again, at the earliest when the next write is due.
func (w *Window[P]) Changed() <-chan struct{} { return w.changed }

// TakeMoved appends to list the sources whose watermark has moved since the last
// call, and returns it. What it costs depends on how many have moved, not on how
// many there are. Until it is called, the window holds on to these sources.
func (w *Window[P]) TakeMoved(list []*Source[P]) []*Source[P] {
	w.mu.Lock()
	defer w.mu.Unlock()
	list = append(list, w.moved...)
	for _, s := range w.moved {
		s.inMoved = false
	}
	clear(w.moved)
	w.moved = w.moved[:0]
	return list
}

// noteMoved puts the source on the list for TakeMoved.
func (w *Window[P]) noteMoved(s *Source[P]) {
	if !s.inMoved {
		s.inMoved = true
		w.moved = append(w.moved, s)
	}
	signal(w.changed)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
