// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ledger knows which lines were written and which have arrived, as the oracle does, in an amount of memory that does not
// depend on the number of lines. Its methods may be called from several goroutines.
type ledger struct {
	mu sync.Mutex
	ledgerState
	// journal gets what changes, before it counts: see state.
	journal io.Writer
	// pending are the moments up to which lines are written and not all have arrived, by container.
	pending map[int][]moment
}

// ledgerState is what is saved.
type ledgerState struct {
	Sources map[int]*soakSource
	// Again counts lines that had arrived already, Wrong records that are not as written, Excused lines that nobody could
	// deliver and nobody did. Harm has the first wrong ones.
	Again, Wrong, Excused int
	Harm                  []string
	// Bytes were written to log files.
	Bytes int
	// AtRisk are lines that have gone from the node before all had arrived, as long as the collector may have no copy.
	AtRisk []removal
}

// removal is when the first so many lines of a container went, as far as they were still there.
type removal struct {
	ID, Lines int
	At        time.Time
}

// soakSource is one container's lines.
type soakSource struct {
	Written int
	Arrived spans
	// Closed is set when no more will be written.
	Closed bool
}

// moment is when how many lines were written.
type moment struct {
	at      time.Time
	written int
}

// arrivals are lines of one container that came one after the other.
type arrivals struct {
	id int
	span
}

func newLedger() *ledger {
	return &ledger{ledgerState: ledgerState{Sources: map[int]*soakSource{}}, journal: io.Discard, pending: map[int][]moment{}}
}

// wrote notes lines before they are written: how many the container has written then, and how many bytes come to the file.
func (l *ledger) wrote(id, written, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.source(id).Written = written
	l.Bytes += bytes
}

// source is a container, a new one if need be. The caller holds the lock.
func (l *ledger) source(id int) *soakSource {
	if l.Sources[id] == nil {
		l.Sources[id] = &soakSource{}
	}
	return l.Sources[id]
}

// close notes that a container has written all it will.
func (l *ledger) close(id int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.source(id)
	s.Closed = true
	return l.note("closed", id, s.Written, 0)
}

// take notes what has arrived. When it returns an error, nothing has, and the sender has to come again.
func (l *ledger) take(all []arrivals) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var entries strings.Builder
	for _, a := range all {
		if s := l.Sources[a.id]; s == nil || a.To > s.Written {
			l.complain(fmt.Sprintf("nobody wrote lines %d to %d of container %d", a.From, a.To-1, a.id))
			return nil
		}
		fmt.Fprintf(&entries, "arrived %d %d %d\n", a.id, a.From, a.To)
	}
	if _, err := io.WriteString(l.journal, entries.String()); err != nil {
		return err
	}
	for _, a := range all {
		l.arrive(a)
	}
	return nil
}

func (l *ledger) arrive(a arrivals) {
	s := l.source(a.id)
	var again int
	s.Arrived, again = s.Arrived.add(a.span)
	l.Again += again
}

// note writes an entry to the journal. The caller holds the lock.
func (l *ledger) note(what string, id, from, to int) error {
	_, err := fmt.Fprintf(l.journal, "%s %d %d %d\n", what, id, from, to)
	return err
}

// wrongly notes a record that is not as it was written.
func (l *ledger) wrongly(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complain(err.Error())
}

func (l *ledger) complain(harm string) {
	l.Wrong++
	if len(l.Harm) < shown {
		l.Harm = append(l.Harm, time.Now().UTC().Format(time.RFC3339)+" "+harm)
	}
}

// replay takes what a journal says. An entry that was cut by the end of the process counts for nothing: its sender got no
// answer.
func (l *ledger) replay(journal io.Reader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := bufio.NewReader(journal)
	for {
		entry, err := entries.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var what string
		var id, from, to int
		if err == nil {
			_, err = fmt.Sscanf(entry, "%s %d %d %d\n", &what, &id, &from, &to)
		}
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		switch what {
		case "arrived":
			l.arrive(arrivals{id, span{from, to}})
		case "closed":
			s := l.source(id)
			s.Written, s.Closed = from, true
		case "removed":
			l.AtRisk = append(l.AtRisk, removal{ID: id, Lines: to})
		}
	}
}

// excuse lets the lines be lost that went with a collector which had no copy yet.
func (l *ledger) excuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.AtRisk {
		s := l.source(r.ID)
		for _, gap := range s.Arrived.missing(span{0, r.Lines}) {
			l.Excused += gap.lines()
			s.Arrived, _ = s.Arrived.add(gap)
		}
	}
	l.AtRisk = nil
}

// remove notes that the first so many lines of a container go from the node.
func (l *ledger) remove(id, lines int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.AtRisk = append(l.AtRisk, removal{id, lines, time.Now()})
	return l.note("removed", id, 0, lines)
}

// copied notes that the collector has copies of what went before a moment, and reports whether nothing else is at risk.
func (l *ledger) copied(before time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.AtRisk = slices.DeleteFunc(l.AtRisk, func(r removal) bool { return r.At.Before(before) })
	return len(l.AtRisk) == 0
}

// delivered reports whether the first so many lines of a container have arrived.
func (l *ledger) delivered(id, lines int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source(id).Arrived.start() >= lines
}

// tick notes the present moment, for behind.
func (l *ledger) tick(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, s := range l.Sources {
		if list := l.pending[id]; s.Arrived.start() < s.Written && (len(list) == 0 || list[len(list)-1].written < s.Written) {
			l.pending[id] = append(list, moment{now, s.Written})
		}
	}
}

// behind is for how long the oldest line has been written that has not arrived, as far as ticks tell.
func (l *ledger) behind(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	longest := time.Duration(0)
	for id, list := range l.pending {
		start := l.Sources[id].Arrived.start()
		for len(list) > 0 && list[0].written <= start {
			list = list[1:]
		}
		if l.pending[id] = list; len(list) == 0 {
			delete(l.pending, id)
		} else {
			longest = max(longest, now.Sub(list[0].at))
		}
	}
	return longest
}

// sum is how many lines were written, have arrived, and have not.
func (l *ledger) sum() (written, arrived, again, wrong int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.Sources {
		written += s.Written
		for _, one := range s.Arrived {
			arrived += one.lines()
		}
	}
	return written, arrived, l.Again, l.Wrong
}

// lost lists what is missing.
func (l *ledger) lost() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(l.Sources)) {
		s := l.Sources[id]
		for _, gap := range s.Arrived.missing(span{0, s.Written}) {
			list = append(list, fmt.Sprintf("lost: lines %d to %d of the %d of container %d", gap.From, gap.To-1, s.Written, id))
		}
	}
	return list
}

func TestTheLedgerSeesEveryKindOfHarm(t *testing.T) {
	type figures struct{ lost, again, wrong, excused int }
	of := func(id, from, to int) arrivals { return arrivals{id, span{from, to}} }
	for name, tt := range map[string]struct {
		take  []arrivals
		spoil func(l *ledger)
		want  figures
		says  string
	}{
		"nothing happens":         {take: []arrivals{of(1, 0, 60), of(2, 0, 50), of(1, 60, 100)}},
		"batches overtake others": {take: []arrivals{of(1, 60, 100), of(2, 0, 50), of(1, 0, 60)}},
		"a line is lost":          {take: []arrivals{of(1, 0, 60), of(1, 61, 100), of(2, 0, 50)}, want: figures{lost: 1}, says: "lines 60 to 60 of the 100 of container 1"},
		"the last line is lost":   {take: []arrivals{of(1, 0, 100), of(2, 0, 49)}, want: figures{lost: 1}, says: "lines 49 to 49 of the 50 of container 2"},
		"a container is lost":     {take: []arrivals{of(1, 0, 100)}, want: figures{lost: 50}, says: "lines 0 to 49 of the 50 of container 2"},
		"a line comes twice":      {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(2, 7, 8)}, want: figures{again: 1}},
		"a batch comes twice":     {take: []arrivals{of(1, 0, 60), of(1, 40, 100), of(2, 0, 50)}, want: figures{again: 20}},
		"a line comes three times, and one is lost": {
			take: []arrivals{of(1, 0, 99), of(1, 5, 6), of(1, 5, 6), of(2, 0, 50)}, want: figures{lost: 1, again: 2}, says: "lines 99 to 99",
		},
		"a line comes that nobody wrote":   {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(2, 50, 51)}, want: figures{wrong: 1}, says: "lines 50 to 50 of container 2"},
		"lines of a container that is not": {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(3, 0, 1)}, want: figures{wrong: 1}, says: "of container 3"},
		"a line is changed": {
			take: []arrivals{of(1, 0, 60), of(1, 61, 100), of(2, 0, 50)}, spoil: func(l *ledger) { l.wrongly(errors.New("corrupted: x")) },
			want: figures{lost: 1, wrong: 1}, says: "corrupted: x",
		},
		"lines nobody could deliver": {take: []arrivals{of(1, 0, 60), of(2, 0, 50)}, spoil: func(l *ledger) {
			_ = l.remove(1, 90)
			l.excuse()
		}, want: figures{lost: 10, excused: 30}, says: "lines 90 to 99"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			l.wrote(1, 100, 0)
			l.wrote(2, 50, 0)
			for _, a := range tt.take {
				require.NoError(t, l.take([]arrivals{a}))
			}
			if tt.spoil != nil {
				tt.spoil(l)
			}
			written, arrived, again, wrong := l.sum()
			assert.Equal(t, 150, written)
			assert.Equal(t, tt.want, figures{written - arrived, again, wrong, l.Excused})
			says := strings.Join(slices.Concat(l.lost(), l.Harm), "\n")
			assert.Contains(t, says, tt.says)
			assert.Equal(t, tt.says == "", says == "", says)
		})
	}
}

func TestTheLedgerIsNotTakenWithoutItsJournal(t *testing.T) {
	l := newLedger()
	l.wrote(1, 100, 0)
	l.journal = failing{}
	require.Error(t, l.take([]arrivals{{1, span{0, 10}}}))
	_, arrived, _, _ := l.sum()
	assert.Zero(t, arrived, "the sender comes again")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestTheLedgerComesBackFromItsJournal(t *testing.T) {
	l, journal := newLedger(), &strings.Builder{}
	l.journal = journal
	l.wrote(1, 100, 0)
	require.NoError(t, l.take([]arrivals{{1, span{0, 10}}, {1, span{20, 30}}}))
	require.NoError(t, l.take([]arrivals{{1, span{5, 15}}}))
	l.wrote(2, 7, 0)
	require.NoError(t, l.close(2))
	require.NoError(t, l.remove(1, 30))
	l.AtRisk[0].At = time.Time{}

	again := newLedger()
	require.NoError(t, again.replay(strings.NewReader(journal.String()+"arrived 1 50 6")))
	again.wrote(1, 100, 0)
	assert.Equal(t, l.ledgerState, again.ledgerState)
	assert.Error(t, newLedger().replay(strings.NewReader("arrived 1 x 10\n")))
}

func TestTheLedgerTellsHowFarBehindItIs(t *testing.T) {
	l, at := newLedger(), time.Now()
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	for n := range 4 {
		l.wrote(1, 10*(n+1), 0)
		l.tick(second(n))
	}
	assert.Equal(t, 4*time.Second, l.behind(second(4)))
	require.NoError(t, l.take([]arrivals{{1, span{0, 15}}}))
	assert.Equal(t, 3*time.Second, l.behind(second(4)), "the first ten have arrived")
	require.NoError(t, l.take([]arrivals{{1, span{16, 40}}}))
	assert.Equal(t, 3*time.Second, l.behind(second(4)), "one is missing")
	require.NoError(t, l.take([]arrivals{{1, span{15, 16}}}))
	assert.Zero(t, l.behind(second(4)))
}
