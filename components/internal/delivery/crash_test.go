// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever the backend answers, and whenever the process crashes or is stopped, the
// checkpoints are never ahead of a byte that has not arrived, all arrives in the end,
// only what is bad is given up, nothing arrives twice without a restart, and after
// one no more than the budget allows.
func TestNothingIsLostInCrashes(t *testing.T) {
	t.Parallel()
	total := struct{ restarts, duplicates, letters, records, wronged, refusals int }{}
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.run()
			total.restarts += w.restarts
			total.duplicates += w.duplicates
			total.letters += w.letters
			total.records += w.records
			total.wronged += w.wronged
			total.refusals += w.refusals
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%+v", total)
	require.Positive(t, total.duplicates, "the crashes hit something")
	require.Positive(t, total.letters, "something was refused")
}

// text is a record of a source.
type text struct {
	source, index int
	from, to      int64
	kind          kind
}

type kind uint8

const (
	good    kind = iota
	bad          // is refused
	skipped      // is not to be delivered
)

type texts []text

func (r texts) Len() int                   { return len(r) }
func (r texts) Split(n int) (texts, texts) { return r[:n], r[n:] }

// world is what survives a crash: the sources, the backend, and the checkpoints.
type world struct {
	t       *testing.T
	name    string
	random  *rand.Rand
	limits  Limits
	ordered bool
	sources [][]text

	mu          sync.Mutex
	mode        mode
	process     *process
	settled     [][]bool // for each record
	sawIn       [][]int  // the process in which a record arrived last
	settledTo   []int64  // for each source: before it, all is settled
	checkpoints []int64
	// crashedAt are the positions of the process before, which may be ahead of the
	// checkpoints, and again what it had sent behind them that arrived twice.
	crashedAt []int64
	again     int64

	// refusals counts the times when all was refused, wronged what was given up for it.
	refusals, wronged                      int
	restarts, duplicates, letters, records int
}

// mode is what the backend does.
type mode uint8

const (
	well mode = iota
	slow
	down
	misconfigured
	refusesAll
	hangs
	modes
)

func newWorld(t *testing.T, seed uint64) *world {
	random := rand.New(rand.NewPCG(seed, 7))
	w := &world{
		t: t, name: fmt.Sprintf("seed %d", seed), random: random,
		limits:  Limits{MaxBytes: 200 + random.Int64N(2000), MaxBytesPerSource: 100 + random.Int64N(500)},
		ordered: random.IntN(4) == 0,
	}
	badOneIn := 2 + random.IntN(100)
	for i := range 1 + random.IntN(6) {
		var list []text
		end := int64(0)
		for k := range 100 + random.IntN(300) {
			r := text{source: i, index: k, from: end, to: end + 1 + random.Int64N(20)}
			switch {
			case random.IntN(badOneIn) == 0:
				r.kind = bad
			case random.IntN(20) == 0:
				r.kind = skipped
			}
			end = r.to
			list = append(list, r)
			w.records++
		}
		w.sources = append(w.sources, list)
		w.settled = append(w.settled, make([]bool, len(list)))
		w.sawIn = append(w.sawIn, make([]int, len(list)))
	}
	w.settledTo = make([]int64, len(w.sources))
	w.checkpoints = make([]int64, len(w.sources))
	w.crashedAt = make([]int64, len(w.sources))
	return w
}

func (w *world) run() {
	random := rand.New(rand.NewPCG(w.random.Uint64(), 0)) // The other one is for the backend.
	for w.restarts = range 1 + random.IntN(8) {
		p := w.start()
		for range 1 + random.IntN(4) {
			m := mode(random.IntN(int(modes)))
			if m == refusesAll && w.ordered {
				m = down // What is refused alone is overtaken.
			}
			if m == refusesAll {
				w.refusals++
			}
			w.setMode(m)
			pass(time.Duration(random.IntN(20000)) * time.Millisecond)
			w.setMode(well) // Long enough to see the difference.
			pass(time.Duration(5000+random.IntN(2000)) * time.Millisecond)
		}
		if random.IntN(2) == 0 {
			p.crash()
		} else {
			p.stop(time.Duration(random.IntN(10000)) * time.Millisecond)
		}
	}
	w.setMode(well)
	p := w.start()
	// Something good comes at last, or there is no evidence against the last bad one.
	last := p.window.NewSource(0)
	end := time.Now().Add(24 * time.Hour)
	for !p.done() && time.Now().Before(end) {
		pass(time.Second)
		b := p.window.NewBatch()
		b.Add(last, 0, 1, 1)
		require.NoError(w.t, p.sender.Deliver(b, texts{{source: -1}}))
	}
	synctest.Wait()
	w.check()
	p.stop(time.Minute)
	for i, list := range w.sources {
		require.Equal(w.t, list[len(list)-1].to, w.checkpoints[i], "%s: source %d is read and delivered to its end", w.name, i)
		for k, ok := range w.settled[i] {
			require.True(w.t, ok, "%s: record %d of source %d is lost", w.name, k, i)
		}
	}
	require.LessOrEqual(w.t, w.wronged, w.refusals, "%s: given up although nothing is wrong with them", w.name)
	pass(time.Hour)
}

func (w *world) setMode(m mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode = m
}

// check is called whenever something has happened.
func (w *world) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checkLocked()
}

func (w *world) checkLocked() {
	requireBalance(w.t, w.process.window)
	for i, s := range w.process.sources {
		if position := s.Position(); position > w.settledTo[i] {
			w.t.Errorf("%s: the watermark of source %d is %d, but what comes after %d is not settled", w.name, i, position, w.settledTo[i])
		}
	}
	used := w.process.window.Stats().Charged
	if used > w.limits.MaxBytes+1 { // And the last one of run.
		w.t.Errorf("%s: %d of %d bytes are in use", w.name, used, w.limits.MaxBytes)
	}
}

// arrived notes records that are settled, in which process.
func (w *world) arrived(r texts, process int) {
	for _, record := range r {
		if record.source < 0 {
			continue
		}
		i, k := record.source, record.index
		switch {
		case record.kind == skipped: // May be skipped again.
		case w.sawIn[i][k] == process:
			w.t.Errorf("%s: record %d of source %d arrived twice in one process", w.name, k, i)
		case w.settled[i][k]:
			w.duplicates++
			alive := w.process.number == process && !w.process.ended
			if alive && record.from >= w.crashedAt[i] && w.sawIn[i][k] == process-1 {
				w.again += record.to - record.from
			}
			if w.again > w.limits.MaxBytes {
				w.t.Errorf("%s: %d bytes arrived twice, the budget is %d", w.name, w.again, w.limits.MaxBytes)
			}
		case w.ordered && w.process.number == process && w.sawBehind(record):
			w.t.Errorf("%s: record %d of source %d arrived late", w.name, k, i)
		}
		w.settled[i][k], w.sawIn[i][k] = true, process
		for _, next := range w.sources[i] {
			if next.from == w.settledTo[i] && w.settled[i][next.index] {
				w.settledTo[i] = next.to
			}
		}
	}
}

// sawBehind reports whether something good behind the record has arrived.
func (w *world) sawBehind(record text) bool {
	for _, later := range w.sources[record.source][record.index+1:] {
		if record.kind == good && later.kind == good && w.settled[later.source][later.index] {
			return true
		}
	}
	return false
}
