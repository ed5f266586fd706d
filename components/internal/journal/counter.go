// SPDX-License-Identifier: Apache-2.0

package journal

import "path/filepath"

// counter is what one journald counts with: each entry has the number after that of the
// one before, whatever file it is in; when journald starts, it goes on after the last
// entry of the file.
type counter struct {
	// last is the highest number that was looked at. Numbers up to known are of entries
	// that were there when they were found: what is deleted of them is counted by
	// file, and what is missing beyond, by number.
	last, known uint64
	// skipped is how many entries since then could not be read.
	skipped uint64
	// resumed says that reading went on from marks: what is missing is missed.
	resumed bool
}

// counterOf returns the counter of a file. The files of a folder are one journald's, but
// for those that other machines have sent.
func (r *Reader) counterOf(path string, h *header) *counter {
	key := filepath.Dir(path)
	if filepath.Base(key) == remoteFolder {
		key = h.seqnumID.String()
	}
	c := r.counters[key]
	if c == nil {
		c = new(counter)
		r.counters[key] = c
	}
	return c
}

// mayBeMissing is asked about the entry that comes next of all. If its number is not the
// next one, the entries between were written before it, hence they can be seen by now: it
// looks for them, and reports whether the files have changed by that.
func (r *Reader) mayBeMissing(f *file) (changed bool) {
	if f.place.Seqnum <= f.counter.last+1 {
		return false
	}
	for _, other := range r.live {
		if other.counter == f.counter && other.live && other.read < f.read && r.refresh(other) {
			changed = true
		}
	}
	if r.looked < f.read && r.look() {
		changed = true
	}
	return changed
}

// pastGap notes that an entry is looked at, and what is missing before it.
func (r *Reader) pastGap(f *file) {
	c, n := f.counter, f.place.Seqnum
	if before := max(c.last, c.known) + c.skipped; n > before+1 {
		r.lost(f, n-before-1)
	}
	c.skipped, c.last = 0, max(c.last, n)
}

// foundSequences notes what was there when sequences were found, or where reading goes on
// in them.
func (r *Reader) foundSequences() {
	for _, s := range r.order {
		if s.found {
			continue
		}
		s.found = true
		if m, ok := r.started[s.id]; ok {
			r.resume(s, m)
			continue
		}
		for _, f := range s.files {
			if !f.counter.resumed {
				f.old = f.header.entries
				f.counter.known = max(f.counter.known, f.header.tailSeqnum)
			}
		}
	}
}

// resume says that everything of a sequence up to a mark was read, and nothing beyond.
func (r *Reader) resume(s *sequence, m Mark) {
	s.last, s.mark = m.Seqnum, m
	for _, f := range s.files {
		c := f.counter
		c.last, c.known, c.resumed = max(c.last, m.Seqnum), 0, true
		for _, other := range r.files {
			if other.counter == c {
				other.old = 0
			}
		}
	}
	for i := range r.absent {
		if r.absent[i].SeqnumID == s.id {
			r.absent = append(r.absent[:i:i], r.absent[i+1:]...)
			break
		}
	}
}
