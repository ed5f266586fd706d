// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// arrival is one record that the backend has accepted.
type arrival struct {
	body string
	// at is when it was noticed, stamp the time in it.
	at, stamp time.Time
	// Where it says that it comes from. An empty stream is one that the backend does not keep.
	namespace, pod, container, stream string
	// label is app.kubernetes.io/name, where the backend keeps it; empty is none.
	label string
}

// oracle knows every line that was written and compares with it what arrives. Its methods may be called from several
// goroutines.
type oracle struct {
	mu      sync.Mutex
	sources map[int]*source
	// foreign counts bodies without a mark, by their first bytes.
	foreign map[string]int
	wrong   []string
	// newest is when the last line arrived.
	newest time.Time
	// reordered counts lines that came after a later one of the same stream of the same container.
	reordered int
	// late are some of them.
	late     []string
	dupBytes int
}

// foreignBytes is how much of a body without a mark is looked at. A line without an end comes in large pieces.
const foreignBytes = 4 << 10

// source is one container's lines.
type source struct {
	name  string
	owner arrival // namespace, pod and container alone
	// slack is how far the time of a line may be from that in its mark.
	slack time.Duration
	lines []line
	// labels are those that the lines may have, with how many came with each; unlabelled is how many came without.
	labels     map[string]int
	unlabelled int
	newest     map[string]int // by stream
}

// line is one line that was written. Its place in the list is its sequence number.
type line struct {
	at     time.Time
	bytes  int
	stream string
	came   int
	// first and last are when it arrived.
	first, last time.Time
	// excused lines were not readable for long enough, or are no whole lines; they may be lost.
	excused bool
	// loose lines may arrive with other bytes around their mark, and without time and stream.
	loose bool
}

func newOracle() *oracle {
	return &oracle{sources: map[int]*source{}, foreign: map[string]int{}, newest: time.Now()}
}

// lastArrival is when the last line arrived.
func (o *oracle) lastArrival() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.newest
}

// add makes a container known and returns its number.
func (o *oracle) add(name string, owner arrival, slack time.Duration) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := len(o.sources) + 1
	o.sources[id] = &source{name: name, owner: owner, slack: slack, newest: map[string]int{}, labels: map[string]int{owner.label: 0}}
	return id
}

// expect notes a line before it is written, and returns its mark.
func (o *oracle) expect(id int, at time.Time, stream string) mark {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.sources[id]
	s.lines = append(s.lines, line{at: at, stream: stream})
	return mark{id: id, seq: len(s.lines) - 1, at: at}
}

// excuse lets lines of a container that were written after a moment be lost.
func (o *oracle) excuse(id int, after time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.sources[id].lines {
		if l := &o.sources[id].lines[i]; l.at.After(after) {
			l.excused = true
		}
	}
}

// loosen takes a line as it comes, as long as its mark is whole.
func (o *oracle) loosen(m mark) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sources[m.id].lines[m.seq].loose = true
}

// take compares one record.
func (o *oracle) take(a arrival) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := read(a.body)
	if r.marks == 0 {
		o.foreign[a.body[:min(len(a.body), foreignBytes)]]++
		return
	}
	s := o.sources[r.id]
	if s == nil || r.seq >= len(s.lines) {
		o.complain("corrupted: nobody wrote %.120q", a.body)
		return
	}
	l := &s.lines[r.seq]
	o.newest = time.Now()
	l.came++
	l.bytes = len(a.body)
	l.last = a.at
	if l.came > 1 {
		o.dupBytes += len(a.body)
	} else {
		l.first = a.at
		if r.seq < s.newest[l.stream] {
			o.reordered++
			o.late = append(o.late[:min(len(o.late), shown)], fmt.Sprintf("%s %d came after %d, at %s", s.name, r.seq, s.newest[l.stream], a.at.Format(clock)))
		}
		s.newest[l.stream] = max(s.newest[l.stream], r.seq)
	}
	if _, may := s.labels[a.label]; a.label == "" {
		s.unlabelled++
	} else if may {
		s.labels[a.label]++
	} else {
		o.complain("wrong label: %s %d has %s", s.name, r.seq, a.label)
	}
	switch {
	case r.marks > 1:
		o.complain("merged: %s %d came with %d other lines in its body: %.160q", s.name, r.seq, r.marks-1, a.body)
	case !r.intact && !l.loose && !l.excused:
		o.complain("corrupted: %s %d, %d bytes: %.160q", s.name, r.seq, len(a.body), a.body)
	case a.stamp.Sub(r.at).Abs() > s.slack && !l.loose:
		o.complain("wrong time: %s %d: %s instead of %s", s.name, r.seq, a.stamp.Format(time.RFC3339Nano), r.at.Format(time.RFC3339Nano))
	case a.namespace != s.owner.namespace || a.pod != s.owner.pod || a.container != s.owner.container:
		o.complain("wrong owner: %s %d came from %s/%s/%s", s.name, r.seq, a.namespace, a.pod, a.container)
	case a.stream != "" && a.stream != l.stream && !l.loose:
		o.complain("wrong stream: %s %d: %s instead of %s", s.name, r.seq, a.stream, l.stream)
	}
}

func (o *oracle) complain(format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

// counts are the figures of a row.
type counts struct {
	written, lost, excused, duplicated, dupBytes, wrong, reordered int
}

func (o *oracle) counts() counts {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := counts{wrong: len(o.wrong), reordered: o.reordered, dupBytes: o.dupBytes}
	for _, s := range o.sources {
		for _, l := range s.lines {
			c.written++
			switch {
			case l.came > 1:
				c.duplicated++
			case l.came == 0 && l.excused:
				c.excused++
			case l.came == 0:
				c.lost++
			}
		}
	}
	return c
}

// pardon lets one line be lost, because the backend refuses it.
func (o *oracle) pardon(m mark) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sources[m.id].lines[m.seq].excused = true
}

// pardonMissing lets the lines of a container be lost that have not arrived.
func (o *oracle) pardonMissing(id int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.sources[id].lines {
		if l := &o.sources[id].lines[i]; l.came == 0 {
			l.excused = true
		}
	}
}

// missing is how many lines from before a moment have not arrived.
func (o *oracle) missing(before time.Time) int {
	missing := 0
	o.absent(func(_ int, l *line) {
		if l.at.Before(before) {
			missing++
		}
	})
	return missing
}

// behind is how old the oldest line is that has not arrived, of these containers or of all; 0 for none.
func (o *oracle) behind(ids ...int) time.Duration {
	oldest := time.Time{}
	o.absent(func(id int, l *line) {
		if (len(ids) == 0 || slices.Contains(ids, id)) && (oldest.IsZero() || l.at.Before(oldest)) {
			oldest = l.at
		}
	})
	if oldest.IsZero() {
		return 0
	}
	return time.Since(oldest)
}

// absent calls do for each line that has not arrived, with the number of its container.
func (o *oracle) absent(do func(id int, l *line)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, s := range o.sources {
		for i := range s.lines {
			if l := &s.lines[i]; l.came == 0 && !l.excused {
				do(id, l)
			}
		}
	}
}

// foreigners is how often a body without a mark came.
func (o *oracle) foreigners(body string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.foreign[body]
}

// anyForeign returns a body without a mark for which the predicate holds.
func (o *oracle) anyForeign(holds func(string) bool) (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for body := range o.foreign {
		if holds(body) {
			return body, true
		}
	}
	return "", false
}

func (c counts) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d lines", c.written)
	for _, part := range []struct {
		n    int
		what string
	}{{c.lost, "lost"}, {c.wrong, "wrong"}, {c.duplicated, "twice"}, {c.excused, "excused"}, {c.reordered, "out of order"}} {
		if part.n > 0 {
			fmt.Fprintf(&s, ", %d %s", part.n, part.what)
		}
	}
	return s.String()
}
