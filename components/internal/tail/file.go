// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"time"

	"github.com/tributary-otel/tributary/components/internal/spill"
)

// File is one log, under whatever names it has: the file that is written to, the same
// one renamed, a copy of it, an archive.
type File struct {
	container Container
	// name is the present name, or the last one; it decides on the place among the
	// files of the container. names are all that it has now, those of its twins
	// included.
	name  logName
	names []fileName
	// twins are other files with the same content: archives and copies.
	twins []Info

	// handle is nil when the file is not open: all of it is delivered, or it was
	// truncated and there is no copy.
	handle  Handle
	content content
	// spare is another plain file with the same content, to go on with when this one
	// is truncated.
	spare Handle
	// copied is where the rest is when no name is left.
	copied *spill.File

	device, inode uint64
	// head is the hash of the first headLen bytes; 0 means that so little is in the
	// file that nobody can say which one it is.
	head    Hash
	headLen int
	// headChecked is when the head was last compared with the file.
	headChecked time.Time
	// begin is the beginning of the head itself, which is compared each time.
	begin []byte

	intake Intake
	// offset is where to go on reading.
	offset int64
	// size and modified are what they were when the file was last looked at. The size
	// of an archive is not known before its end.
	size, modified int64
	// atEnd says that everything was read, damaged that the rest cannot be.
	atEnd, damaged bool
	// midLine says that offset is not behind the end of a line.
	midLine bool
	// last is what is known of the line before offset.
	last lastLine
	// doubtful says that the size has changed, and nothing has shown since that it is
	// still the same file.
	doubtful bool
	// grown is when the file was last seen to have grown.
	grown time.Time
	// behind is since when there is something in it that is not delivered; it is zero
	// when there is not. While the file grows, growth tells how it moves on.
	behind time.Time
	growth growth
	// ended says that the intake was told that nothing follows.
	ended bool
	// nameless is since when no name is left.
	nameless time.Time
	// troubled is when the file may be tried again after an error; it is zero when it
	// can be read.
	troubled time.Time
	// copyAgain is when it may be tried again to copy the file aside.
	copyAgain time.Time
	// resting says that it is closed although somebody may write to it.
	resting bool
	// early says that it was closed while somebody could write to it, and was not read
	// since: an archive may hold more of it.
	early bool
	// seenFirst says that the file was there before Run was called.
	seenFirst bool
}

// fileName is a name in the folder, and what it leads to.
type fileName struct {
	name          string
	device, inode uint64
	log           logName
}

// Container is where the file belongs to.
func (f *File) Container() Container { return f.container }

// Restart is how often the container had been restarted when the file began.
func (f *File) Restart() int { return f.name.restart }

func (f *File) identified() bool { return f.intake != nil }

func (f *File) compressed() bool { _, is := f.content.(*archive); return is }

// length is how much there is to be read, as far as the file says so.
func (f *File) length() int64 {
	if a, is := f.content.(*archive); is {
		return a.unpacked(f.size)
	}
	return f.size
}

// delivered reports whether everything that there is was read and delivered.
func (f *File) delivered() bool {
	return f.identified() && f.atEnd && f.intake.Idle()
}

// position is how far the file is delivered.
func (f *File) position() Position { return f.intake.Position() }

func (f *File) mark() Mark {
	return Mark{
		Bookmark: Bookmark{
			Restart: f.name.restart, Device: f.device, Inode: f.inode, HeadBytes: f.headLen, Head: f.head,
		},
		Position: f.position(),
	}
}

// close gives the descriptors back. What is known of the file stays.
func (f *File) close() {
	if f.handle != nil {
		_ = f.handle.Close()
	}
	if f.spare != nil {
		_ = f.spare.Close()
	}
	if r, ok := f.content.(*spill.Reader); ok {
		_ = r.Close()
	}
	f.handle, f.content, f.spare = nil, nil, nil
}

// use takes an open file as that with the content.
func (f *File) use(h Handle, log logName, info Info) {
	f.handle, f.content = h, contentOf(h, log)
	f.device, f.inode = info.Device, info.Inode
	f.size, f.modified = info.Size, info.Modified
	f.atEnd, f.damaged, f.resting, f.early = false, false, false, false
}

func contentOf(h Handle, log logName) content {
	if log.compressed {
		return &archive{handle: h}
	}
	return h
}

// takeName chooses the present name: that of the file that is read, else that of a
// copy, else that of an archive.
func (f *File) takeName() {
	best := -1
	for i, n := range f.names {
		own := n.device == f.device && n.inode == f.inode
		if own {
			best = i
			break
		}
		if best < 0 || !n.log.compressed {
			best = i
		}
	}
	if best >= 0 {
		f.name = f.names[best].log
		f.names[0], f.names[best] = f.names[best], f.names[0]
	}
}

// live reports whether the file has the name of one that is written to.
func (f *File) live() bool {
	return len(f.names) > 0 && f.name.rotated == "" && !f.name.compressed
}

// path is a name of the file for a person to look at.
func (f *File) path(d *folder) string {
	if len(f.names) > 0 {
		return d.path + "/" + f.names[0].name
	}
	return d.path + "/" + f.name.String() + " (deleted)"
}
