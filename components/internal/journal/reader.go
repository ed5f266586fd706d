// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options say what is read. The zero value reads the journals of this machine.
type Options struct {
	// Directories are looked through for journal files, which lie there, or in folders
	// named <machine ID>, <machine ID>.<namespace> or remote (default: /var/log/journal
	// and /run/log/journal). One that does not exist yet is looked for again.
	Directories []string
	// Files are globs of journal files, which are then read in place of Directories.
	Files []string
	// Namespaces are those of which the journals are read, by name or glob; "" is the
	// default one (default: only that). It has no meaning with Files.
	Namespaces []string
	// Merge reads the journals of all machines whose files are in Directories, those in
	// remote too, and not only this machine's and those that lie in Directories
	// themselves.
	Merge bool
	// MachineID is this machine's (default: what /etc/machine-id says, and if there is
	// none, all machines' journals are read).
	MachineID ID
	// BootID is the boot of which entries are read (default: all boots).
	BootID ID
	// Filter chooses entries.
	Filter Filter
	// MaxFieldBytes bounds a value; of longer ones, the beginning is read (default:
	// 1 MiB).
	MaxFieldBytes int
	// Trouble is told what is unusual. It is called from the goroutine that calls the
	// reader.
	Trouble func(kind Trouble, path string, err error)

	// unwatched leaves changes to polling, for tests that open thousands: to close an inotify instance takes the kernel 20 ms.
	unwatched bool
}

// Directories are where journald keeps its files: on the disk, and in memory as long as
// there is no folder for it on the disk.
var Directories = []string{"/var/log/journal", "/run/log/journal"}

const (
	defaultMaxFieldBytes = 1 << 20
	// examined is after how many entries that are not wanted Next returns.
	examined = 8 << 10
)

// Reader reads a set of journal files as one stream. Only Stats may be called from
// other goroutines than the one that reads.
type Reader struct {
	options Options
	load    *loader
	windows windows
	files   map[ID]*file
	paths   map[string]*name
	// live are the files that were written to when names were looked at.
	live      []*file
	sequences map[ID]*sequence
	// order is the sequences in the order in which they were found.
	order    []*sequence
	counters map[string]*counter
	// started is where reading begins in sequences that were found or not yet, absent
	// those of them that were not.
	started map[ID]Mark
	absent  []Mark
	seek    seek
	// behind tells of a file by its header that nothing in it is wanted.
	behind func(*file) bool
	boot   ID
	// partial are the folders of which not all journal files are read.
	partial map[string]bool

	watch *watcher
	// tick counts what is read of headers, looked is the tick of the last look at names.
	tick, looked uint64
	poll         poll
	numbers      uint32
	volatile     []*file
	position     Cursor
	// more says that Next returned although it can go on.
	more   bool
	closed bool
	now    func() time.Time

	mu    sync.Mutex
	stats Stats
}

// Open begins. Files that cannot be read are told to Options.Trouble and tried again:
// only what can never be right is an error, such as a malformed glob.
func Open(o Options) (*Reader, error) {
	for _, glob := range append(append([]string(nil), o.Files...), o.Namespaces...) {
		if _, err := filepath.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("%q: %w", glob, err)
		}
	}
	if len(o.Directories) == 0 {
		o.Directories = Directories
	}
	if len(o.Namespaces) == 0 {
		o.Namespaces = []string{""}
	}
	if o.MaxFieldBytes <= 0 {
		o.MaxFieldBytes = defaultMaxFieldBytes
	}
	if o.Trouble == nil {
		o.Trouble = func(Trouble, string, error) {}
	}
	if o.MachineID == (ID{}) {
		o.MachineID = readID("/etc/machine-id")
	}
	r := &Reader{
		options: o, load: newLoader(&o), boot: readID("/proc/sys/kernel/random/boot_id"),
		files: make(map[ID]*file), paths: make(map[string]*name), sequences: make(map[ID]*sequence),
		started: make(map[ID]Mark), counters: make(map[string]*counter), partial: make(map[string]bool), now: time.Now,
	}
	if !o.unwatched {
		watch, err := newWatcher()
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			r.trouble(WatchFailed, o.Directories[0], err)
		}
		r.watch = watch
	}
	r.scan()
	return r, nil
}

// readID reads an ID of a file, or returns none.
func readID(path string) ID {
	text, err := os.ReadFile(path)
	if err != nil {
		return ID{}
	}
	id, err := ParseID(string(bytes.TrimSpace(text)))
	if err != nil {
		return ID{}
	}
	return id
}

// Next returns the next entry that is wanted, or nil if there is none yet. Its error is
// os.ErrClosed.
func (r *Reader) Next() (*Entry, error) {
	if r.closed {
		return nil, os.ErrClosed
	}
	r.more = false
	looked := r.pollIfDue()
	for range examined {
		s, f := r.first()
		if f == nil {
			if looked {
				return nil, nil
			}
			looked = true
			r.pollNow()
			continue
		}
		if e := r.take(s, f); e != nil {
			return e, nil
		}
	}
	r.more = true
	return nil, nil
}

// first returns the next entry of all: the first of those that come next in the
// sequences.
func (r *Reader) first() (least *sequence, file *file) {
	for {
		least, file = nil, nil
		for _, s := range r.order {
			f := r.least(s)
			if f != nil && (file == nil || f.place.before(&file.place)) {
				least, file = s, f
			}
		}
		if file == nil || !r.mayBeMissing(file) {
			return least, file
		}
	}
}

// before orders entries of different sequences: by the clock of the boot in which both
// were written, or else by the real time.
func (c *Cursor) before(other *Cursor) bool {
	if c.BootID == other.BootID && c.Monotonic != other.Monotonic {
		return c.Monotonic < other.Monotonic
	}
	if c.Realtime != other.Realtime {
		return c.Realtime < other.Realtime
	}
	if c.SeqnumID != other.SeqnumID {
		return bytes.Compare(c.SeqnumID[:], other.SeqnumID[:]) < 0
	}
	return c.Seqnum < other.Seqnum
}

// take passes an entry, and returns it if it is wanted.
func (r *Reader) take(s *sequence, f *file) *Entry {
	again := f.place == s.mark.Cursor || r.isCopy(f)
	var e *Entry
	var bad []error
	if !again && (r.options.BootID == ID{} || r.options.BootID == f.place.BootID) {
		e, bad = r.load.load(f)
	}
	if len(bad) > 0 {
		if _, err := readHeader(f.handle); errors.Is(err, errEmptied) {
			r.vanish(f)
			return nil
		}
	}
	r.pass(s, f)
	r.position = s.mark.Cursor
	for _, err := range bad {
		r.damaged(f, err)
	}
	switch {
	case e == nil && len(bad) > 0:
	case again:
		r.count(func(n *Stats) { n.Duplicates++ })
	case e == nil:
		r.count(func(n *Stats) { n.Filtered++ })
	default:
		r.count(func(n *Stats) { n.Entries++ })
	}
	return e
}

// Position is the last entry that was looked at, wanted or not. Everything up to there
// has been returned or was not wanted.
func (r *Reader) Position() Cursor { return r.position }

// maxAbsent bounds the marks of sequences that are not there.
const maxAbsent = 64

// Marks are the positions in all sequences, for SeekMarks. Those that reading began with
// are among them even if their files are not there: they may come back, or be copied.
func (r *Reader) Marks() []Mark {
	list := make([]Mark, 0, len(r.sequences))
	for _, s := range r.order {
		m := s.mark
		if m == (Mark{}) && r.seek != nil {
			m = s.begun()
		}
		if m != (Mark{}) {
			list = append(list, m)
		}
	}
	return append(list, r.absent...)
}

// Close closes the files. Further calls do nothing.
func (r *Reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	for _, f := range r.files {
		f.close()
	}
	r.load.unpack.close()
	if r.watch != nil {
		return r.watch.close()
	}
	return nil
}
