// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Adding and acknowledging a span of one of 100 busy sources, 100 to a batch, beside
// 10,000 that are idle.
func BenchmarkSpan(b *testing.B) {
	w := NewWindow[int64](Limits{})
	idle := make([]*Source[int64], 10_000)
	for i := range idle {
		idle[i] = w.NewSource(0)
	}
	busy := make([]*Source[int64], 100)
	for i := range busy {
		busy[i] = w.NewSource(0)
	}
	var moved []*Source[int64]
	b.ReportAllocs()
	end := int64(0)
	for b.Loop() {
		s := busy[end%100]
		if end%100 == 0 {
			moved = w.TakeMoved(moved[:0])
		}
		batch := w.NewBatch() // One span to a batch: the dearest way.
		end++
		batch.Add(s, end, 1, 1)
		acknowledge(batch)
	}
	_ = idle
}

// The same with as many spans to a batch as sources are busy; each operation is a
// batch of 100 spans.
func BenchmarkBatchOf100Spans(b *testing.B) {
	w := NewWindow[int64](Limits{})
	busy := make([]*Source[int64], 100)
	for i := range busy {
		busy[i] = w.NewSource(0)
	}
	b.ReportAllocs()
	end := int64(0)
	for b.Loop() {
		batch := w.NewBatch()
		end++
		for _, s := range busy {
			batch.Add(s, end, 1, 1)
		}
		acknowledge(batch)
	}
}

// Adding a record to the span before it.
func BenchmarkAddToTheLastSpan(b *testing.B) {
	w := NewWindow[int64](Limits{})
	s, batch, end := w.NewSource(0), w.NewBatch(), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		end++
		batch.Add(s, end, 1, 1)
	}
}

func BenchmarkAcquire(b *testing.B) {
	w := NewWindow[int64](Limits{})
	s, ctx := w.NewSource(0), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if s.Acquire(ctx, 1<<20) != nil {
			b.Fatal("the budget is used up")
		}
		s.Release()
	}
}

// A batch of one span from the budget to the watermark, with its goroutine.
func BenchmarkDeliver(b *testing.B) {
	w := NewWindow[int](Limits{})
	s := w.NewSource(0)
	sender := NewSender(w, Options[records]{Send: func(context.Context, records) error { return nil }})
	payload := upTo(1, 1)
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Acquire(ctx, 1<<20); err != nil {
			b.Fatal(err)
		}
		batch := w.NewBatch()
		batch.Add(s, i, 1<<20, 1)
		if err := sender.Deliver(batch, payload); err != nil {
			b.Fatal(err)
		}
	}
	if err := sender.Close(ctx); err != nil {
		b.Fatal(err)
	}
}

func TestWhatIsSteadyTakesNoMemory(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Source[int64]{}), uintptr(96), "bytes for an idle source")
	w := NewWindow[int64](Limits{})
	s, end := w.NewSource(0), int64(0)
	var moved []*Source[int64]
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		batch := w.NewBatch()
		for range 3 {
			end++
			batch.Add(s, end, 10, 1)
		}
		s.TryAcquire(100)
		s.Release()
		acknowledge(batch)
		moved = w.TakeMoved(moved[:0])
	}), 1.0, "for a batch: the batch itself")
}
