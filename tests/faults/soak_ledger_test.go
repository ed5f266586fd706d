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
	"time"
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
