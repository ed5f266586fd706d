// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"cmp"
	"slices"
)

// seek says where reading begins in a file: at the first entry that is wanted. In the
// order of a file, all behind it are wanted as well.
type seek func(f *file, c *Cursor) bool

// SeekHead goes before the oldest entry; that is where a reader stands at first. Like
// the other ways to seek it is called before the first Next.
func (r *Reader) SeekHead() {
	r.seek = nil
}

// SeekTail goes behind the newest entry.
func (r *Reader) SeekTail() {
	tails := make(map[ID]uint64)
	for id, s := range r.sequences {
		for _, f := range s.files {
			tails[id] = max(tails[id], f.header.tailSeqnum)
		}
		s.last = tails[id]
		for _, f := range s.files {
			f.counter.last = max(f.counter.last, tails[id])
		}
	}
	now := uint64(r.now().UnixMicro())
	r.startedAt(nil)
	r.seek = func(f *file, c *Cursor) bool {
		if tail, known := tails[c.SeqnumID]; known {
			return c.Seqnum > tail
		}
		return f.late || c.Realtime >= now
	}
	r.behind = func(f *file) bool {
		tail, known := tails[f.header.seqnumID]
		return known && f.header.tailSeqnum <= tail
	}
}

// SeekRealtime goes before the first entry that was written at or after a time, in
// microseconds since 1970.
func (r *Reader) SeekRealtime(usec uint64) {
	r.startedAt(nil)
	r.seek = func(f *file, c *Cursor) bool { return f.late || c.Realtime >= usec }
	r.behind = func(f *file) bool { return !f.late && f.header.tailTime < usec }
}

// SeekCursor goes behind the entry that a cursor names. If that entry is gone, it goes
// before the first one that came after it: by number if the sequence is still there,
// else by the time of its boot, else by the real time; entries of the running boot are
// newer than any of another one.
func (r *Reader) SeekCursor(c Cursor) {
	r.startedAt([]Mark{{Cursor: c}})
	r.seek = func(f *file, e *Cursor) bool {
		switch {
		case e.SeqnumID == c.SeqnumID:
			return e.Seqnum > c.Seqnum
		case f.late:
			return true
		case e.BootID == c.BootID:
			return e.Monotonic > c.Monotonic
		case e.BootID == r.boot && r.boot != ID{}:
			return true
		}
		return e.Realtime > c.Realtime
	}
	r.behind = func(f *file) bool { return f.header.seqnumID == c.SeqnumID && f.header.tailSeqnum <= c.Seqnum }
}

// SeekMarks goes to where a reader stood whose Marks these are. Sequences that are not
// among them are new, apart from copies of what was read in memory.
func (r *Reader) SeekMarks(marks []Mark) {
	marks = slices.Clone(marks)
	r.startedAt(marks)
	numbers := make(map[ID]uint64)
	for _, m := range marks {
		numbers[m.SeqnumID] = max(numbers[m.SeqnumID], m.Seqnum)
	}
	r.seek = func(f *file, e *Cursor) bool {
		for i := range marks {
			if marks[i].copied(f, e) {
				return false
			}
		}
		return e.Seqnum > numbers[e.SeqnumID]
	}
	r.behind = func(f *file) bool { return f.header.tailSeqnum <= numbers[f.header.seqnumID] }
}

// startedAt notes where reading has begun in the sequences that marks name.
func (r *Reader) startedAt(marks []Mark) {
	for _, m := range marks {
		r.started[m.SeqnumID] = m
		switch s := r.sequences[m.SeqnumID]; {
		case s != nil:
			r.resume(s, m)
		case m.Volatile && m.BootID != r.boot: // What was in memory then is gone.
		case m.Folder != "":
			r.absent = append(r.absent, m)
		}
	}
	slices.SortFunc(r.absent, func(a, b Mark) int { return cmp.Compare(b.Realtime, a.Realtime) })
	r.absent = r.absent[:min(len(r.absent), maxAbsent)]
}

// begin finds out where reading begins in a file.
func (r *Reader) begin(f *file) error {
	if r.seek == nil {
		f.started = true
		return nil
	}
	if r.behind != nil && r.behind(f) {
		f.start(f.header.entries)
		return nil
	}
	if err := r.open(f); err != nil {
		return err
	}
	low, high := uint64(0), f.header.entries
	for low < high {
		middle := low + (high-low)/2
		c, at, readable := f.readableFrom(middle, high)
		switch {
		case !readable || r.seek(f, &c):
			high = middle // If nobody can tell, it is rather read again than left out.
		default:
			low = at + 1
		}
	}
	f.start(low)
	return nil
}

// start says where reading begins in a file.
func (f *file) start(index uint64) {
	f.started, f.next = true, index
	if h := &f.header; index == h.entries && h.tailSeqnum > f.sequence.over.Seqnum {
		f.sequence.over = Mark{Folder: f.folder, Volatile: f.volatile, Cursor: Cursor{
			SeqnumID: h.seqnumID, Seqnum: h.tailSeqnum, BootID: h.tailBootID, Monotonic: h.tailMonotonic, Realtime: h.tailTime,
		}}
	}
}

// begun is the mark of a sequence of which no entry was looked at yet: what is before the
// place where reading began is not wanted after a restart either.
func (s *sequence) begun() Mark {
	if len(s.files) == 0 || !s.files[0].placed {
		return s.over
	}
	f := s.files[0]
	m := Mark{Cursor: f.place, Folder: f.folder, Volatile: f.volatile}
	m.Seqnum--
	m.Monotonic -= min(m.Monotonic, 1)
	return m
}

// readableFrom returns the first entry from an index on, but before another one, that
// can be read. It gives up after maxTorn, since a header may claim any number of them.
func (f *file) readableFrom(index, before uint64) (c Cursor, at uint64, ok bool) {
	for before = min(before, index+maxTorn); index < before; index++ {
		c, _, err := f.entryAt(index)
		if err == nil {
			return c, index, true
		}
		if !isDamage(err) {
			break
		}
	}
	return c, 0, false
}
