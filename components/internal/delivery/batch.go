// SPDX-License-Identifier: Apache-2.0

package delivery

// Batch collects the spans, of one or many sources, whose records are delivered
// together. It is filled by one goroutine and then handed to a sender.
type Batch[P any] struct {
	window *Window[P]
	bytes  int64
	// records is what was added.
	records int64

	// All that follows is guarded by the lock of the window.

	spans *span[P]
	// handedOver is set when the batch is filled.
	handedOver bool
	// open is how much of the payload is neither delivered nor kept as a dead
	// letter; openSize is its share of the size of the batch.
	open     int
	openSize Count
	// turn is closed when the spans that are not the first of their source, which
	// are behind in number, are. It is nil when nobody waits for that.
	turn   chan struct{}
	behind int
}

// NewBatch returns an empty batch.
func (w *Window[P]) NewBatch() *Batch[P] {
	return &Batch[P]{window: w}
}

// Add says that the batch holds what follows in the source in reading order, up to
// end: a number of records that take that many bytes of the source. It is in flight
// from now on, and charged to what was acquired for the source; what is more than
// that is charged without waiting. The spans of one source that lie next to each
// other in a batch become one, so that Add may be called for each record.
func (b *Batch[P]) Add(s *Source[P], end P, bytes int64, records int) {
	w := b.window
	if s.window != w {
		panic("delivery: batch and source belong to different windows")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.handedOver {
		panic("delivery: batch was added to after it was delivered")
	}
	b.bytes += bytes
	b.records += int64(records)
	size := Count{Records: int64(records), Bytes: bytes}
	w.stats.Added.add(size)
	w.stats.InFlight.add(size)
	s.add(b, end, bytes)
}

// Bytes returns the size of what was added, in bytes of the sources.
func (b *Batch[P]) Bytes() int64 { return b.bytes }

// Records returns the number of records that were added.
func (b *Batch[P]) Records() int64 { return b.records }

// handOver ends the filling of the batch, whose payload has n records. In order,
// it returns a channel that is closed when everything that was read before it is
// acknowledged, or nil when that is so already.
func (b *Batch[P]) handOver(n int, inOrder bool) <-chan struct{} {
	w := b.window
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.handedOver {
		panic("delivery: batch was delivered twice")
	}
	b.handedOver = true
	b.open, b.openSize = n, Count{Records: b.records, Bytes: b.bytes}
	if n == 0 {
		w.settle(b, 0, &w.stats.Delivered)
		return nil
	}
	for sp := b.spans; inOrder && sp != nil; sp = sp.sibling {
		if sp.source.first != sp {
			b.behind++
		}
	}
	if b.behind == 0 {
		return nil
	}
	b.turn = make(chan struct{})
	return b.turn
}

// firstInLine is called when one of the spans has become the first of its source.
func (b *Batch[P]) firstInLine() {
	if b.turn == nil {
		return
	}
	b.behind--
	if b.behind == 0 {
		close(b.turn)
	}
}

// settle says that n records of the payload are delivered, or kept as dead letters.
// With the last of them the batch is acknowledged.
func (b *Batch[P]) settle(n int, as func(*Stats) *Count) {
	w := b.window
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle(b, n, as(&w.stats))
}

func (w *Window[P]) settle(b *Batch[P], n int, to *Count) {
	size := b.openSize
	if n < b.open {
		size = size.share(n, b.open)
	}
	b.open -= n
	b.openSize.sub(size)
	to.add(size)
	w.stats.InFlight.sub(size)
	if b.open > 0 {
		return
	}
	for sp := b.spans; sp != nil; {
		// The span may be in use again once its source has advanced.
		next, source := sp.sibling, sp.source
		sp.batch, sp.sibling = nil, nil
		source.advance()
		sp = next
	}
	b.spans = nil
	w.grant()
}
