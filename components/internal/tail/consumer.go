// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"time"
)

// Consumer takes what is read. Its methods, and those of its intakes, are called by
// the goroutine of Run only, unless they say something else.
type Consumer interface {
	// Wanted reports whether the container is read at all. It is asked before a file
	// is opened, and by Reconsider.
	Wanted(Container) bool
	// Forgotten says that the container is gone, and with it all that is known of it.
	Forgotten(Container)
	// Open returns what takes the lines of a file, from a position on. It is called
	// again for a file that was truncated, with a position that lies before.
	Open(f *File, start Position) Intake
	// Changed says that the marks of the container are other ones than before, for a
	// reason that no intake knows of. With no marks left there is nothing to store.
	Changed(Container)
	// Pass is called after each pass over the files. It returns after how much time
	// it has to be called again at the latest; 0 is never.
	Pass() time.Duration
	// Trouble reports something unusual. The error may be nil.
	Trouble(kind Trouble, path string, err error)
}

// Intake takes the lines of one file.
type Intake interface {
	// Acquire returns how many bytes may be read now: at most most, and at least least,
	// which is what it takes to get on. With n = 0 nothing may be read, and the files of
	// the container are left alone until a time, or, when that is zero, until
	// Options.Room gets a signal.
	Acquire(most, least int64) (n int64, until time.Time)
	// Take gets what follows in the file, at most what was acquired last: whole
	// lines with their ends, and now and then one without (see Chunk). Nothing of
	// it may be used after the return.
	Take(Chunk)
	// Position is behind everything that is delivered.
	Position() Position
	// Idle reports whether everything that was taken is delivered.
	Idle() bool
	// End says that the file has come to its end: nothing follows that belongs to
	// what was taken. More may come all the same, if somebody goes on writing.
	End()
}

// Chunk is a part of a file.
type Chunk struct {
	Data []byte
	// Start is where in the (decompressed) file it begins.
	Start int64
	// Piece says that Data is no whole line: a line that is longer than MaxLineBytes
	// comes in several, and whoever stops writing in the middle of a line leaves one.
	Piece bool
	// More says that what follows is there already: the reader is behind the writer.
	More bool
	// Before is the intake of the file that came before this one in the same run of
	// the container, read to its end; the runtime may have begun a line there. It is
	// nil when there is none.
	Before Intake
}

// Position is how far a file is delivered. The runtime splits long lines, and the
// pieces of the two output streams alternate: of each stream everything before its
// own offset is delivered, of lines without a stream everything before Offset.
type Position struct {
	Offset, Stdout, Stderr int64
}

// At is the position at which all streams are at the same offset.
func At(offset int64) Position {
	return Position{Offset: offset, Stdout: offset, Stderr: offset}
}

// Start is where to go on reading.
func (p Position) Start() int64 { return min(p.Offset, p.Stdout, p.Stderr) }

// Bookmark says which file a position belongs to, also after a restart.
type Bookmark struct {
	// Restart is the number in the name of the file.
	Restart int
	// Device and Inode only tell apart files with the same beginning.
	Device, Inode uint64
	// Head is the hash of the first HeadBytes of the decompressed file.
	HeadBytes int
	Head      Hash
}

// Mark is what has to be remembered of a file.
type Mark struct {
	Bookmark
	Position Position
}

// Trouble is a kind of unusual event.
type Trouble string

// The kinds that this package reports.
const (
	// NotRegular is a FIFO, socket, device or folder with the name of a log file.
	NotRegular Trouble = "not_regular"
	// LinkOutside is a link out of the allowed targets.
	LinkOutside Trouble = "link_outside"
	// Unreadable is a file or folder that could not be read. It is tried again.
	Unreadable Trouble = "unreadable"
	// Missing is a root that does not exist. It is looked for again.
	Missing Trouble = "missing_folder"
	// FewDescriptors says that there are more files than may be open at once.
	FewDescriptors Trouble = "few_descriptors"
	// Truncated is a file that was truncated or rewritten in place.
	Truncated Trouble = "truncated"
	// DamagedArchive is a compressed file that ends early or is wrong in between.
	DamagedArchive Trouble = "damaged_archive"
	// Unfinished is a last line without an end, handed on as it is.
	Unfinished Trouble = "unfinished_line"
	// LongLine is a line above MaxLineBytes, handed on in pieces.
	LongLine Trouble = "long_line"
	// WatchFailed says that changes are found by looking at the folders only.
	WatchFailed Trouble = "watch_failed"
	// WatchOverflow says that there were more changes than the kernel could report.
	WatchOverflow Trouble = "watch_overflow"
	// Spilled is a file that was copied aside since its last name was removed.
	Spilled Trouble = "spilled"
	// SpillFailed says that there is no room for that, or no right to.
	SpillFailed Trouble = "spill_failed"
	// SpillDamaged is a copy of which only a part can be read.
	SpillDamaged Trouble = "spill_damaged"
	// Skipped is a file that is older than MaxAge.
	Skipped Trouble = "skipped"
)

// ErrNotRegular is returned by FS.Open for what is not a regular file.
var ErrNotRegular = errors.New("it is not a regular file")
