// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The steps are those of a script: the sources are letters, the batches numbers,
// "A 1 10" adds to batch 1 what A has up to 10, "A skip 10" skips that, and "ack 1"
// acknowledges batch 1. What is wanted are the watermarks; a source that is not idle
// has a star.
func TestTheWatermarkIsTheEndOfTheAcknowledgedPrefix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, steps, want string }{
		{"a source begins where it is told", "A 1 10", "A=0*"},
		{"an acknowledged span moves it", "A 1 10, ack 1", "A=10"},
		{"an unacknowledged span holds it", "A 1 10, A 2 20, A 3 30, ack 2, ack 3", "A=0*"},
		{"the first one lets it go on over all", "A 1 10, A 2 20, A 3 30, ack 3, ack 2, ack 1", "A=30"},
		{"it stops at the next hole", "A 1 10, A 2 20, A 3 30, A 4 40, ack 4, ack 2, ack 1", "A=20*"},
		{"sources do not hold each other", "A 1 10, B 2 10, ack 2", "A=0* B=10"},
		{"a batch moves all its sources", "A 1 10, B 1 20, ack 1", "A=10 B=20"},
		{"a shared batch holds each where it is", "A 1 10, B 1 10, A 2 20, B 3 20, ack 2, ack 3", "A=0* B=0*"},
		{"neighbours in a batch are one span", "A 1 10, A 1 20, A 1 30, ack 1", "A=30"},
		{"neighbours are found between other sources", "A 1 10, B 1 10, A 1 20, ack 1", "A=20 B=10"},
		{"a batch may come back to a source", "A 1 10, A 2 20, A 1 30, ack 1", "A=10*"},
		{"and is then complete", "A 1 10, A 2 20, A 1 30, ack 1, ack 2", "A=30"},
		{"an idle source skips at once", "A skip 10", "A=10"},
		{"what is skipped waits for what is before it", "A 1 10, A skip 20", "A=0*"},
		{"and goes with it", "A 1 10, A skip 20, ack 1", "A=20"},
		{"it does not wait for what is behind it", "A 1 10, A skip 20, A 2 30, ack 1", "A=20*"},
		{"skipping behind an acknowledged span waits for the ones before it", "A 1 10, A 2 20, ack 2, A skip 30", "A=0*"},
		{"and goes with the last of them", "A 1 10, A 2 20, ack 2, A skip 30, ack 1", "A=30"},
		{"a batch goes on behind what it skipped", "A 1 10, A skip 20, A 1 30, ack 1", "A=30"},
		{"an idle source goes on", "A 1 10, ack 1, A 2 20, ack 2", "A=20"},
		{"an empty batch is acknowledged", "ack 1, A 2 10, ack 2", "A=10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			for step := range strings.SplitSeq(tt.steps, ", ") {
				s.run(step)
				requireBalance(t, s.window)
			}
			assert.Equal(t, tt.want, s.watermarks())
		})
	}
}

type script struct {
	t       *testing.T
	window  *Window[int64]
	sources map[string]*Source[int64]
	ends    map[string]int64
	batches map[string]*Batch[int64]
}

func newScript(t *testing.T) *script {
	return &script{
		t: t, window: NewWindow[int64](Limits{}),
		sources: map[string]*Source[int64]{}, ends: map[string]int64{}, batches: map[string]*Batch[int64]{},
	}
}

func (s *script) run(step string) {
	words := strings.Fields(step)
	if words[0] == "ack" {
		acknowledge(s.batch(words[1]))
		return
	}
	name := words[0]
	if s.sources[name] == nil {
		s.sources[name] = s.window.NewSource(0)
	}
	var end int64
	_, err := fmt.Sscan(words[2], &end)
	require.NoError(s.t, err)
	size := end - s.ends[name]
	s.ends[name] = end
	if words[1] == "skip" {
		s.sources[name].Skip(end, size, 1)
		return
	}
	s.batch(words[1]).Add(s.sources[name], end, size, 1)
}

func (s *script) batch(name string) *Batch[int64] {
	if s.batches[name] == nil {
		s.batches[name] = s.window.NewBatch()
	}
	return s.batches[name]
}

func (s *script) watermarks() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(s.sources)) {
		source := s.sources[name]
		mark := fmt.Sprintf("%s=%d", name, source.Position())
		if !source.Idle() {
			mark += "*"
		}
		list = append(list, mark)
	}
	return strings.Join(list, " ")
}

// acknowledge does what a sender does with a batch that was delivered.
func acknowledge[P any](b *Batch[P]) {
	if n := int(b.Records()); n > 0 {
		b.handOver(n, false)
		b.settle(n, delivered)
		return
	}
	b.handOver(0, false)
}

func TestTakeMovedTellsOfEachMovedSourceOnce(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	for _, step := range []string{"A 1 10", "A 2 20", "B 2 10", "C 3 10", "D skip 10", "ack 2", "ack 1"} {
		s.run(step)
	}
	require.Len(t, s.window.Changed(), 1, "many moves are one signal")
	<-s.window.Changed()
	a, b, d := s.sources["A"], s.sources["B"], s.sources["D"]
	assert.ElementsMatch(t, []*Source[int64]{a, b, d}, s.window.TakeMoved(nil))
	assert.Empty(t, s.window.TakeMoved(nil))
	assert.Empty(t, s.window.Changed())

	s.run("ack 3")
	assert.Len(t, s.window.Changed(), 1)
	assert.Equal(t, []*Source[int64]{a, s.sources["C"]}, s.window.TakeMoved([]*Source[int64]{a}), "it appends")
}

func TestMisuseIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w, other := NewWindow[int64](Limits{}), NewWindow[int64](Limits{})
	s := NewSender(w, Options[records]{})
	b, done := w.NewBatch(), w.NewBatch()
	acknowledge(done)
	for name, misuse := range map[string]func(){
		"delivery: batch and source belong to different windows": func() { b.Add(other.NewSource(0), 1, 1, 1) },
		"delivery: batch was added to after it was delivered":    func() { done.Add(w.NewSource(0), 1, 1, 1) },
		"delivery: batch was delivered twice":                    func() { _ = s.Deliver(done, records{}) },
		"delivery: batch and sender belong to different windows": func() { _ = s.Deliver(other.NewBatch(), records{}) },
	} {
		assert.PanicsWithValue(t, name, misuse)
	}
}

// FuzzWatermark holds the window against a model that keeps every byte.
func FuzzWatermark(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 201, 202, 203})
	f.Add([]byte{0, 64, 128, 192, 0, 64, 255, 250, 245, 240, 235, 230})
	f.Add([]byte("a source that is added to, skipped and acknowledged, in some order"))
	f.Fuzz(func(t *testing.T, program []byte) {
		const sources, batches = 3, 5
		program = program[:min(len(program), 300)]
		type state uint8
		const (
			inFlight state = iota + 1
			settled
		)
		w := NewWindow[int](Limits{})
		var list [sources]*Source[int]
		var read [sources][]state           // what became of each byte
		var owner [sources][]int            // the batch of each byte
		var open [batches]*Batch[int]       // batches that are filled
		var number [batches]int             // and which they are
		var waiting = map[int]*Batch[int]{} // batches that are on the way
		for i := range list {
			list[i] = w.NewSource(0)
		}
		next := 0
		settle := func(number int) {
			for i := range read {
				for at := range read[i] {
					if owner[i][at] == number && read[i][at] == inFlight {
						read[i][at] = settled
					}
				}
			}
		}
		for _, op := range program {
			i, k, size := int(op)%sources, int(op/3)%batches, 1+int(op)%4
			if open[k] == nil {
				next++
				open[k], number[k] = w.NewBatch(), next
			}
			switch op >> 6 {
			case 0, 1: // Add.
				for range size {
					read[i], owner[i] = append(read[i], inFlight), append(owner[i], number[k])
				}
				open[k].Add(list[i], len(read[i]), int64(size), 1)
			case 2: // Skip, or close the batch.
				if op&1 == 0 {
					for range size {
						read[i], owner[i] = append(read[i], settled), append(owner[i], 0)
					}
					list[i].Skip(len(read[i]), int64(size), 1)
					break
				}
				waiting[number[k]], open[k] = open[k], nil
			case 3: // Acknowledge some batch, seldom the oldest one.
				ids := slices.Sorted(maps.Keys(waiting))
				if len(ids) == 0 {
					break
				}
				id := ids[int(op)%len(ids)]
				acknowledge(waiting[id])
				settle(id)
				delete(waiting, id)
			}
			requireBalance(t, w)
			held := int64(0)
			for i := range list {
				// Skipped bytes may be held with the span before them.
				low := slices.Index(read[i], inFlight)
				if low < 0 {
					low = len(read[i])
				}
				require.Equal(t, low, list[i].Position())
				require.Equal(t, low == len(read[i]), list[i].Idle())
				for _, number := range owner[i][low:] {
					if number > 0 {
						held++
					}
				}
			}
			require.Equal(t, held, w.Stats().Charged, "the budget covers what is behind the watermarks")
		}
		for _, b := range open {
			if b != nil {
				acknowledge(b)
			}
		}
		for _, b := range waiting {
			acknowledge(b)
		}
		for i := range list {
			require.Equal(t, len(read[i]), list[i].Position())
			require.True(t, list[i].Idle())
		}
		require.Zero(t, w.Stats().Charged)
		require.Zero(t, w.Stats().InFlight)
	})
}
