// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"math"
	"os"
	"strings"
	"time"
)

// patience is how long the end of a live file may be half written before the entries of
// other files are no longer held up by it.
const patience = 2 * time.Second

// diskPatience is how long a disk that fails is tried again before an entry is given up.
const diskPatience = 30 * time.Second

// maxTorn is how far behind an entry that cannot be read another one is looked for.
const maxTorn = 64

// file is a journal file. It is known by the ID that it carries, whatever its name is.
type file struct {
	number uint32
	path   string
	// folder is the name of the folder that it lies in: <machine ID>[.<namespace>].
	folder string
	// volatile says that it is kept in memory, until journald copies it to the disk.
	volatile bool
	// archived says that its name is one of a file that nobody writes to: journald renames
	// a file when it has written to it for the last time, and before it says so in it.
	archived bool
	// late says that it was found after reading had begun.
	late bool
	// unnamed says that it has lost its name.
	unnamed bool

	handle  *os.File
	content *content
	header  header
	// sequence is what its entries are numbered in, counter what they are numbered with.
	sequence *sequence
	counter  *counter
	// read is when the header was read, by Reader.tick.
	read uint64
	// live says that entries may still be added.
	live   bool
	arrays []array

	// started says that next is where reading begins by Reader.seek. Until then it is 0.
	started bool
	next    uint64
	// placed says that place is the entry that is next, which stands at.
	placed bool
	place  Cursor
	at     uint64
	// torn is since when the next entry could not be read.
	torn time.Time
	// aside says that the others do not wait for it any more.
	aside bool
	// done says that it was read to its end.
	done bool
	// old is how many entries there were when its sequence was found.
	old uint64
}

// never is the number of an entry that does not exist yet.
const never = math.MaxUint64

// key is what the files of a sequence are sorted by: the number of the next entry, or one
// below it if that is not known yet.
func (f *file) key() uint64 {
	switch {
	case f.placed:
		return f.place.Seqnum
	case f.aside:
		return never
	case f.next < f.header.entries:
		return max(f.header.headSeqnum, f.place.Seqnum)
	case !f.live:
		return 0 // It is finished at once.
	}
	return never
}

// hasArchiveName reports whether journald has given the file up, by its name:
// <name>@<sequence ID>-<number>-<time>.journal or <name>@<time>-<random>.journal~.
func hasArchiveName(name string) bool {
	return strings.Contains(name, "@") || strings.HasSuffix(name, "~")
}

// open opens the file again, and reads its header anew.
func (f *file) open(pool *windows) error {
	if f.handle != nil {
		return nil
	}
	handle, h, err := openFile(f.path)
	if err != nil {
		return err
	}
	if h.fileID != f.header.fileID {
		_ = handle.Close()
		return os.ErrNotExist // It has another name by now.
	}
	f.hold(handle, h, pool)
	return nil
}

func (f *file) hold(handle *os.File, h header, pool *windows) {
	f.handle, f.header = handle, h
	f.content = &content{handle: handle, pool: pool}
	f.content.bound(handle, h.end)
	f.arrays = f.arrays[:0]
}

// bound says where the used part ends, but not behind the end of the file: a header may
// lie, and what it says is allocated.
func (c *content) bound(handle *os.File, end uint64) {
	c.end = end
	if info, err := handle.Stat(); err == nil {
		c.end = min(end, uint64(info.Size())) //nolint:gosec // It is not negative.
	}
}

func (f *file) close() {
	if f.handle == nil {
		return
	}
	f.content.release()
	_ = f.handle.Close()
	f.handle, f.content, f.arrays, f.live = nil, nil, nil, false
}

// openFile opens a file and reads its header. It is no error of a file that it is not
// written yet, or was emptied: that is errEmptied.
func openFile(path string) (*os.File, header, error) {
	handle, err := openRegular(path)
	if err != nil {
		return nil, header{}, err
	}
	h, err := readHeader(handle)
	if err != nil {
		_ = handle.Close()
		return nil, header{}, err
	}
	if info, err := handle.Stat(); err == nil && !h.fits(info.Size()) {
		h.entries = uint64(info.Size()) / entryHead // It was cut, or lies.
	}
	return handle, h, nil
}

// regular closes what is no regular file.
func regular(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: f.Name(), Err: errNoJournal}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func readHeader(handle *os.File) (header, error) {
	var raw [headerRead]byte
	n, err := readFull(handle, raw[:], 0)
	if err != nil && !errors.Is(err, errShort) {
		return header{}, err
	}
	return parseHeader(raw[:n])
}

// refresh reads the header of a file that may have grown, and reports whether it has.
func (f *file) refresh() (grown bool, err error) {
	h, err := readHeader(f.handle)
	if err != nil {
		return false, err
	}
	if h.fileID != f.header.fileID {
		return false, errEmptied // Somebody writes another file into this one.
	}
	grown = h.entries > f.header.entries
	if h.entries < f.header.entries {
		h.entries = f.header.entries
	}
	if h.end != f.header.end {
		f.content.bound(f.handle, h.end)
	}
	if grown || h.end != f.header.end {
		f.content.epoch++
	}
	f.header = h
	f.live = h.state != stateArchived && !f.archived && !f.unnamed
	return grown, nil
}

// settle finds out what the next entry is, if there is one. An error is one of a file
// that is of no further use.
func (f *file) settle(r *Reader) error {
	for !f.placed && f.next < f.header.entries {
		place, at, err := f.entryAt(f.next)
		if err == nil {
			f.place, f.at, f.placed, f.torn = place, at, true, time.Time{}
			return nil
		}
		if _, err := readHeader(f.handle); errors.Is(err, errEmptied) {
			return err
		}
		if !f.skip(r, err) {
			return nil
		}
	}
	return nil
}

// skip decides about an entry that cannot be read, and reports whether to look on. What
// is written at this moment is waited for, and so is a disk that fails; what is followed
// by another entry, or is in a file that nobody writes to, is damaged and passed over.
func (f *file) skip(r *Reader, err error) bool {
	f.content.epoch++ // What was read before it was written is read anew.
	first := f.torn.IsZero()
	if first {
		f.torn = r.now()
	}
	switch age := r.now().Sub(f.torn); {
	case !isDamage(err):
		if first {
			r.trouble(Unreadable, f.path, err)
		}
		if age < diskPatience {
			return false
		}
	case f.live && first:
		return false
	case f.live && !f.readableAfter(f.next):
		return false
	}
	if _, _, again := f.entryAt(f.next); again == nil {
		return true
	}
	f.next++
	f.torn = time.Time{}
	r.damaged(f, err)
	f.counter.skipped++
	return true
}

// readableAfter reports whether an entry can be read behind one that cannot.
func (f *file) readableAfter(index uint64) bool {
	for after := index + 1; after < min(f.header.entries, index+maxTorn); after++ {
		if _, _, err := f.entryAt(after); err == nil {
			return true
		}
	}
	return false
}

// blocking reports whether what comes next is not known, and should be.
func (f *file) blocking(now time.Time) bool {
	return !f.placed && !f.torn.IsZero() && now.Sub(f.torn) < patience
}

// isDamage reports whether a file cannot be read for what is in it, and not because the
// disk fails.
func isDamage(err error) bool {
	var d damage
	return errors.As(err, &d) || errors.Is(err, errShort) || errors.Is(err, errNotWritten) || errors.Is(err, errPacked)
}
