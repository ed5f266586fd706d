// SPDX-License-Identifier: Apache-2.0

package delivery

// Source is an ordered sequence of records, one file or one journal, with the
// watermark of its delivery. A position P is where one goes on reading: a byte
// offset, a cursor. The window does not compare positions, it relies on the reader
// to hand them in in reading order.
//
// A source that is not used any more needs no closing, but Release. A file that is
// read from the beginning again, since it was truncated, is a new source.
type Source[P any] struct {
	window *Window[P]

	// All that follows is guarded by the lock of the window.

	// position is the end of the contiguous acknowledged prefix.
	position P
	// first and last are the spans behind it, in reading order, linked by next.
	// They are nil, both, when all is acknowledged.
	first, last *span[P]
	// used is what the source is charged in the budget, for its spans and what it
	// has reserved.
	used, reserved int64
	// want is how much the source waits to have reserved; 0 when it does not wait.
	want  int64
	place place
	// granted is closed when want is reserved. It is nil unless somebody waits.
	granted chan struct{}
	// inMoved says that the source is on the window's list of moved ones.
	inMoved bool
}

// span is a part of a source that is in one batch. It is charged to the budget
// until the watermark has passed it.
type span[P any] struct {
	source *Source[P]
	// batch is nil as soon as the span is acknowledged.
	batch *Batch[P]
	// next is the span behind it in the source, sibling another one in the batch.
	next, sibling *span[P]
	end           P
	bytes         int64
}

// maxFree bounds the number of spans that are kept for use again.
const maxFree = 4096

// NewSource returns a source of which everything before start is acknowledged.
func (w *Window[P]) NewSource(start P) *Source[P] {
	return &Source[P]{window: w, position: start}
}

// Position returns the low watermark: everything before it is delivered, kept as a
// dead letter, or skipped. This is what may be checkpointed: whoever starts reading
// here misses nothing. A span that is never acknowledged holds it for ever.
func (s *Source[P]) Position() P {
	s.window.mu.Lock()
	defer s.window.mu.Unlock()
	return s.position
}

// Idle reports whether all that was read of the source is acknowledged, so that
// Position is the end of it. The move that makes a source idle is in TakeMoved.
func (s *Source[P]) Idle() bool {
	s.window.mu.Lock()
	defer s.window.mu.Unlock()
	return s.first == nil
}

// Skip says that what follows in reading order, up to end, is not to be delivered:
// bytes and records are counted as dropped, and need no budget. Both may be 0, for
// what is no record at all.
func (s *Source[P]) Skip(end P, bytes int64, records int) {
	w := s.window
	w.mu.Lock()
	defer w.mu.Unlock()
	size := Count{Records: int64(records), Bytes: bytes}
	w.stats.Added.add(size)
	w.stats.Dropped.add(size)
	if s.last == nil {
		s.position = end
		w.noteMoved(s)
		return
	}
	// What is skipped shares the fate of what is before it: a source that skips
	// for days while one span hangs takes no more memory.
	s.last.end = end
}

// add puts a span at the end of the source, or lengthens the last one if that
// is of the same batch. The size is charged, first to what is reserved.
func (s *Source[P]) add(b *Batch[P], end P, bytes int64) {
	fromReserve := min(bytes, s.reserved)
	s.reserved -= fromReserve
	s.used += bytes - fromReserve
	s.window.used += bytes - fromReserve
	if s.last != nil && s.last.batch == b {
		s.last.end = end
		s.last.bytes += bytes
		return
	}
	sp := s.window.newSpan()
	*sp = span[P]{source: s, batch: b, sibling: b.spans, end: end, bytes: bytes}
	b.spans = sp
	if s.last == nil {
		s.first = sp
	} else {
		s.last.next = sp
	}
	s.last = sp
}

// advance moves the watermark over the spans that are acknowledged.
func (s *Source[P]) advance() {
	if s.first == nil || s.first.batch != nil {
		return
	}
	for s.first != nil && s.first.batch == nil {
		sp := s.first
		s.position = sp.end
		s.first = sp.next
		s.window.release(s, sp.bytes)
		s.window.recycle(sp)
	}
	if s.first == nil {
		s.last = nil
	} else {
		s.first.batch.firstInLine()
	}
	s.window.noteMoved(s)
}

func (w *Window[P]) newSpan() *span[P] {
	sp := w.free
	if sp == nil {
		return new(span[P])
	}
	w.free = sp.next
	w.freeSize--
	return sp
}

func (w *Window[P]) recycle(sp *span[P]) {
	if w.freeSize == maxFree {
		return
	}
	*sp = span[P]{next: w.free}
	w.free = sp
	w.freeSize++
}
