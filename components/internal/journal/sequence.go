// SPDX-License-Identifier: Apache-2.0

package journal

import "slices"

// sequence is the files whose entries are numbered one after the other: those of the
// system and of users, and what they were called before. Within it the numbers are the
// order. Until systemd 254 the files of each user are a sequence of their own.
type sequence struct {
	id ID
	// files are those that are not read to their end, sorted by their keys.
	files []*file
	// found says that it is known what was there when the sequence was found.
	found bool
	// last is the number of the entry that was looked at last.
	last uint64
	// mark is where reading stands, if an entry was looked at, over the newest entry of
	// files in which there was nothing to look at.
	mark, over Mark
}

func (s *sequence) add(f *file) {
	f.sequence = s
	s.files = append(s.files, f)
	s.sort(len(s.files) - 1)
}

// sort moves a file to where its key belongs.
func (s *sequence) sort(i int) {
	for ; i > 0 && s.files[i].key() < s.files[i-1].key(); i-- {
		s.files[i], s.files[i-1] = s.files[i-1], s.files[i]
	}
	for ; i+1 < len(s.files) && s.files[i].key() > s.files[i+1].key(); i++ {
		s.files[i], s.files[i+1] = s.files[i+1], s.files[i]
	}
}

// resort moves a file whose key has changed.
func (s *sequence) resort(f *file) {
	if i := slices.Index(s.files, f); i >= 0 {
		s.sort(i)
	}
}

func (s *sequence) remove(f *file) {
	if i := slices.Index(s.files, f); i >= 0 {
		s.files = slices.Delete(s.files, i, i+1)
	}
}

// least returns the file with the next entry of the sequence, or nil.
func (r *Reader) least(s *sequence) *file {
	for len(s.files) > 0 {
		f := s.files[0]
		switch {
		case f.placed:
			return f
		case f.key() == never && f.live, f.aside:
			return nil // It is the same with all that are behind it.
		case f.started && f.next >= f.header.entries:
			r.finish(f)
		case !r.ready(f):
		case f.blocking(r.now()):
			return nil
		case !f.placed && f.next < f.header.entries:
			f.aside = true // The others go on.
			s.sort(0)
		default:
			s.sort(0)
		}
	}
	return nil
}

// pass notes that an entry was looked at.
func (r *Reader) pass(s *sequence, f *file) {
	r.pastGap(f)
	if n := f.place.Seqnum; n >= s.last {
		s.last = n
		s.mark = Mark{Cursor: f.place, Folder: f.folder, Volatile: f.volatile}
	}
	f.next++
	f.placed = false
	if f.next >= f.header.entries {
		s.resort(f)
	}
}
