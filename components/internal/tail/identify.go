// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"slices"
	"time"
)

// identify finds out which file it is: a copy or an archive of one that is known, one
// of the run before, or a new one. While so little is in the file that nobody can say,
// nothing is read of it, and it is asked again with the next turn.
func (t *Tail) identify(d *folder, f *File) {
	head, err := readIdentity(f.content)
	if a, is := f.content.(*archive); is {
		a.release() // Its turn may come much later.
	}
	if err != nil && len(head) == 0 {
		t.fail(d, f, err)
		return
	}
	f.troubled = time.Time{}
	if !tells(head) && (len(head) == 0 || !t.quiet(d, f)) {
		return
	}
	if !tells(head) && len(head) < headBytes {
		// Half a line, and nobody goes on with it. Many files may begin so: it is read,
		// but no other file is taken for it, nor this one after a restart.
		f.setHead(nil)
		t.open(f, At(0))
		d.sort()
		return
	}
	f.setHead(head)
	f.headChecked = t.now
	for _, other := range d.files {
		if other == f || !other.identified() || other.name.restart != f.name.restart || !t.same(other, f, head) {
			continue
		}
		t.join(d, other, f)
		return
	}
	start, marked := d.resume(f, head)
	if !marked {
		start = At(t.beginning(d, f))
	}
	if !f.compressed() && start.Start() > f.size {
		// It was truncated while nobody looked, but not to nothing. What is left was
		// delivered, for it begins with the same.
		start = At(f.size)
	}
	t.open(f, start)
	d.sort()
	if !marked && start.Start() > 0 {
		// What is skipped now must not be skipped once more: until the next start, lines may follow.
		t.consumer.Changed(d.id)
	}
}

func (f *File) setHead(head []byte) {
	f.head, f.headLen = hashOf(head), len(head)
	f.begin = append(f.begin[:0], head[:min(len(head), beginBytes)]...)
}

// open begins to read at a position.
func (t *Tail) open(f *File, start Position) {
	f.offset = start.Start()
	f.atEnd, f.ended, f.midLine, f.last = false, false, false, lastLine{}
	f.grown = t.now
	f.intake = t.consumer.Open(f, start)
}

// same reports whether the beginning of a new file is that of one which is known.
func (t *Tail) same(known, f *File, head []byte) bool {
	switch {
	case known.headLen == 0:
		return false
	case known.headLen == len(head):
		return known.head == f.head
	case known.headLen < len(head):
		return known.head == hashOf(head[:known.headLen])
	}
	// A copy that is still being written.
	if known.content == nil {
		return false
	}
	begin, err := readHead(known.content, len(head))
	return err == nil && len(begin) == len(head) && hashOf(begin) == f.head
}

// join makes a new file a twin of one that is known. A plain twin stays open, to go on
// with when the known file is truncated or cannot be read any more.
func (t *Tail) join(d *folder, known, f *File) {
	info, err := f.handle.Stat()
	if err == nil && (info.Device != known.device || info.Inode != known.inode) {
		known.twins = slices.DeleteFunc(known.twins, func(old Info) bool { return old.Device == info.Device && old.Inode == info.Inode })
		known.twins = append(known.twins, info)
	}
	known.names = append(known.names, f.names...)
	d.files = slices.DeleteFunc(d.files, func(other *File) bool { return other == f })
	// A closed file is taken up again when somebody has gone on writing to it, or will.
	again := !f.compressed() && (info.Size > known.offset || f.live())
	switch {
	case known.copied != nil: // It holds all that there is.
	case known.handle == nil && (again || known.early || !known.delivered()):
		known.use(f.handle, f.name, info)
		f.handle, known.ended = nil, false
	case !f.compressed() && known.spare == nil && !known.compressed():
		known.spare, f.handle = f.handle, nil
	}
	f.close()
}

// resume returns the position of the run before.
func (d *folder) resume(f *File, head []byte) (Position, bool) {
	best := -1
	for i, m := range d.marks {
		if m.Restart != f.name.restart || m.HeadBytes > len(head) || m.HeadBytes == 0 || m.Head != hashOf(head[:m.HeadBytes]) {
			continue
		}
		if best < 0 || m.Device == f.device && m.Inode == f.inode {
			best = i
		}
	}
	if best < 0 {
		return Position{}, false
	}
	start := d.marks[best].Position
	d.marks = slices.Delete(slices.Clone(d.marks), best, best+1)
	return start, true
}

// beginning is where a file is read from of which there is no mark.
func (t *Tail) beginning(d *folder, f *File) int64 {
	end := f.size
	if f.compressed() {
		end = 1 << 62
	}
	if t.options.FromEnd && f.seenFirst {
		return end
	}
	if age := t.options.MaxAge; age > 0 && t.now.Sub(time.Unix(0, f.modified)) > age {
		t.consumer.Trouble(Skipped, f.path(d), nil)
		return end
	}
	return 0
}
