// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"hash/maphash"
	"time"
)

// truncated is called when a file is shorter than what was read of it, or begins with
// something else than before. Somebody may have copied it before (copytruncate): then
// the rest is read from the copy. What is in the file now is another one. It reports
// whether the list of files has changed.
func (t *Tail) truncated(d *folder, f *File, info Info) (changed bool) {
	t.consumer.Trouble(Truncated, f.path(d), nil)
	if head, err := readHead(f.content, f.headLen); err == nil && f.headLen > 0 && len(head) == f.headLen && hashOf(head) == f.head {
		// The end was cut off, and nobody knows where: something may have been written
		// since, up to the place that was read before and beyond. So all of it is read
		// again.
		f.intake.End()
		f.size, f.modified = info.Size, info.Modified
		t.open(f, At(0))
		t.consumer.Changed(d.id)
		return false
	}
	// The copy may have been made since the folder was last looked at.
	t.listNames(d)
	now := &File{
		container: d.id, name: f.name, handle: f.handle, content: f.content, device: info.Device, inode: info.Inode,
		size: info.Size, modified: info.Modified, grown: t.now,
	}
	names := f.names[:0:0]
	for _, n := range f.names {
		if n.device == info.Device && n.inode == info.Inode {
			now.names = append(now.names, n)
		} else {
			names = append(names, n)
		}
	}
	f.names, f.handle, f.content = names, nil, nil
	f.device, f.inode = 0, 0
	if spare := f.spare; spare != nil {
		f.spare = nil
		if copied, err := spare.Stat(); err == nil {
			f.use(spare, logName{}, copied)
		}
	}
	if f.handle == nil && !t.reopen(d, f) {
		f.atEnd, f.early = true, true
		f.intake.End()
	}
	if len(f.names) == 0 {
		f.nameless = t.now
	}
	d.files = append(d.files, now)
	d.sort()
	t.identify(d, now)
	return true
}

// reopen goes on with the archive of the copy, if that is what is left of a file.
func (t *Tail) reopen(d *folder, f *File) bool {
	for _, name := range f.names {
		h, err := t.fs.Open(t.options.Root, d.id.podFolder(), d.id.Name, name.name)
		if err != nil {
			continue
		}
		info, err := h.Stat()
		if err == nil && info.Device == name.device && info.Inode == name.inode {
			f.use(h, name.log, info)
			return true
		}
		_ = h.Close()
	}
	return false
}

// A file that was copied, truncated and written to again would go on in the middle.
// That it does not is seen by what was there before: with each reading, by the line
// before the place; without one, by the beginning of the file.

// lastLine is what is known of the line before the place where reading goes on. It
// holds a time in nanoseconds: there is no other line like it.
type lastLine struct {
	// length is that of the line with its end, 0 for a line that is not known or too
	// long.
	length int
	hash   uint64
}

// maxLastLine is how long a line may be that is read again with each reading.
const maxLastLine = 4 << 10

var lastLineSeed = maphash.MakeSeed()

func lastLineOf(c Chunk) lastLine {
	if c.Piece || len(c.Data) == 0 {
		return lastLine{}
	}
	line := c.Data[bytes.LastIndexByte(c.Data[:len(c.Data)-1], '\n')+1:]
	if len(line) > maxLastLine {
		return lastLine{}
	}
	return lastLine{length: len(line), hash: maphash.Bytes(lastLineSeed, line)}
}

// is reports whether that is the line, or, if it is not known, the end of any.
func (l lastLine) is(before []byte) bool {
	if l.length == 0 {
		return before[0] == '\n'
	}
	return len(before) == l.length && maphash.Bytes(lastLineSeed, before) == l.hash
}

// headInterval is how often the head of a growing file is compared if the line before
// is not known, or the head could be longer.
const headInterval = 1500 * time.Millisecond

// continues reports whether a file of which the size has changed is the same one. It
// leaves the doubt to the reading that follows, if that can and will see it.
func (t *Tail) continues(d *folder, f *File, shorter bool) bool {
	known := f.last.length > 0
	if !known || d.blocked {
		if !f.beginsAsBefore() {
			return false
		}
		f.doubtful = false
	}
	due := (!known || f.headLen < headBytes) && t.now.Sub(f.headChecked) >= headInterval
	return !shorter && f.size != f.offset && !due || t.checkHead(f)
}

// beginBytes is how much of the beginning is compared. It holds the time of the first
// line.
const beginBytes = 64

// beginsAsBefore reports whether the file begins as it did.
func (f *File) beginsAsBefore() bool {
	var now [beginBytes]byte
	n, err := f.content.ReadAt(now[:len(f.begin)], 0)
	if err != nil && !isEnd(err) {
		return true // The reading that follows meets the error again.
	}
	return bytes.Equal(now[:n], f.begin)
}

// checkHead reports whether the file still begins as it did. It also learns more of
// the beginning, if it was short before.
func (t *Tail) checkHead(f *File) bool {
	f.headChecked, f.doubtful = t.now, false
	head, err := readIdentity(f.content)
	if err != nil {
		return true // The reading that follows meets the error again.
	}
	if len(head) < f.headLen || hashOf(head[:f.headLen]) != f.head {
		return false
	}
	if len(head) > f.headLen && tells(head) {
		f.setHead(head)
	}
	return true
}
