// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
	"github.com/tributary-otel/tributary/components/internal/spill"
)

// Options say what is read and how.
type Options struct {
	// Root holds the folders of the pods.
	Root string
	// LinkTargets are the folders into which a link that stands for a log file may
	// point (default: none).
	LinkTargets []string
	// FromEnd skips what is in a file that is there, without a mark, before Run is
	// called. Files that come later are always read from the beginning.
	FromEnd bool
	// MaxAge skips files without a mark that were last written to longer ago (default:
	// none is too old).
	MaxAge time.Duration
	// MaxLineBytes is the length above which a line comes in pieces (default: 1 MiB).
	MaxLineBytes int
	// PollInterval is how often a growing file is looked at (default: 500 ms), and
	// MaxPollInterval a silent one of which the kernel reports no writes (default: 2 s).
	PollInterval, MaxPollInterval time.Duration
	// ScanInterval is how often all folders are looked at although nothing was
	// reported (default: 1 min). Without reports it is 1 s, or as much more as it
	// takes to spend no more than a twentieth of the time on it.
	ScanInterval time.Duration
	// Quiet is how long nothing has to be written before a file is taken for finished, or
	// for silent, and a last line without an end for complete (default: 5 s).
	Quiet time.Duration
	// Room gets a signal when a file for which Acquire returned false may be read.
	Room <-chan struct{}
	// Marks are those of the run before.
	Marks map[Container][]Mark
	// Spill keeps the rest of files whose last name is gone; nil keeps none.
	Spill *spill.Store
	// MaxOpen is how many log files may be open at once (default: what the process may
	// have open, less what it needs for other things).
	MaxOpen int
	// FS is the file system (default: the machine's).
	FS FS
	// NoWatch finds changes by looking at the folders alone.
	NoWatch bool
}

const (
	// chunkBytes is how much is read at once. The buffer grows for a line that is
	// longer.
	chunkBytes = 256 << 10
	// forgetAfter is how long a folder has to be gone before the marks are forgotten that
	// the run before has left for it.
	forgetAfter = time.Minute
	// tryAgain is how long after an error a file or folder is tried again.
	tryAgain = 5 * time.Second
)

// Tail reads the files below a folder.
type Tail struct {
	options  Options
	fs       *counted
	consumer Consumer
	tree     *tree
	bell     bell
	folders  map[Container]*folder
	peak     shrink.Peak
	// agenda holds all of them, but those that have their turn: they are in taken.
	agenda agenda
	taken  []*folder
	// blocked are those that wait for room, turns counts the turns that were had.
	blocked []*folder
	turns   int64
	now     time.Time
	// begin is when it was made.
	begin time.Time
	// started is true after the first look at all folders.
	started bool
	buffer  []byte
	gauges  gauges
	// copiesOpen says that the copies of the run before were taken up, copiesAgain when
	// that is tried again.
	copiesOpen  bool
	copiesAgain time.Time
	// starved says that a file could not be opened because too many are.
	starved bool
}

// New returns a tail that has read nothing yet.
func New(options Options, consumer Consumer) *Tail {
	if options.FS == nil {
		options.FS = OS
	}
	setDefault(&options.MaxLineBytes, 1<<20)
	setDefault(&options.MaxOpen, mayOpen())
	setDefault(&options.PollInterval, 500*time.Millisecond)
	setDefault(&options.MaxPollInterval, 2*time.Second)
	setDefault(&options.ScanInterval, time.Minute)
	setDefault(&options.Quiet, 5*time.Second)
	options.Root = filepath.Clean(options.Root)
	t := &Tail{
		options: options, fs: &counted{FS: options.FS}, consumer: consumer,
		folders: map[Container]*folder{}, buffer: make([]byte, chunkBytes+maxLastLine), now: time.Now(), begin: time.Now(),
	}
	t.tree, t.bell = newTree(t), bell{close: func() {}}
	return t
}

func setDefault[T int | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// Run reads until ctx ends. It may be called once.
func (t *Tail) Run(ctx context.Context) {
	t.openCopies()
	events := t.tree.watch()
	t.bell = t.openBell()
	t.tree.scan()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		t.now = time.Now()
		wait := t.pass()
		t.started = true
		if next := t.consumer.Pass(); next > 0 {
			wait = min(wait, next)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case batch, open := <-events:
			t.now = time.Now()
			if !open {
				events = nil
				t.tree.lose(errors.New("the kernel ended the reports"))
			}
			t.tree.handle(batch)
		case batch, open := <-t.bell.rings:
			t.now = time.Now()
			if !open {
				t.bell.set, t.bell.rings = nil, nil
				t.wakeAll()
			}
			t.ring(batch)
		case <-t.options.Room:
			t.unblock()
		case <-timer.C:
		}
	}
}

// Close is called after Run has returned and everything that still could be delivered
// is. It copies aside what a restart would not find any more, and closes the files.
func (t *Tail) Close() {
	t.now = time.Now()
	t.tree.close()
	t.bell.close()
	for _, d := range t.agenda {
		t.listNames(d)
		t.examine(d)
		for _, f := range d.files {
			if d.wanted {
				t.rescue(d, f, true)
			}
			f.close()
		}
	}
	t.measure()
}

// pass gives each folder whose time has come one turn, and returns how long nothing
// has to be done after that.
func (t *Tail) pass() time.Duration {
	wait := min(t.tree.scanIfDue(), t.openCopies())
	t.makeRoom()
	t.taken = t.agenda.take(t.now, t.taken[:0])
	for i, d := range t.taken {
		t.taken[i] = nil
		if d.dirty && !d.lookAt.After(t.now) {
			t.look(d)
		}
		if !d.due.After(t.now) {
			t.turn(d)
		}
		if d.forgotten {
			shrink.Delete(&t.folders, d.id, &t.peak)
			t.agenda.drop(d) // The turn of another one may have noted it again.
			continue
		}
		t.agenda.note(d)
	}
	t.shrink()
	t.measureIfDue()
	return max(t.agenda.wait(t.now, wait), 0)
}

// shrink gives back the room of folders that are gone.
func (t *Tail) shrink() {
	const few = 64
	if cap(t.agenda) > few+4*len(t.agenda) {
		t.agenda, t.taken, t.blocked = slices.Clone(t.agenda), nil, slices.Clone(t.blocked)
	}
}

// unblock gives the folders that wait for room a turn.
func (t *Tail) unblock() {
	for i, d := range t.blocked {
		t.blocked[i] = nil
		if d.blocked && !d.forgotten {
			d.blocked, d.due = false, t.now
			t.agenda.note(d)
		}
	}
	t.blocked = t.blocked[:0]
}

// Unreadable reports whether something that should be read cannot be now: the root, a
// folder, or a file. It was told to the consumer as Unreadable or Missing. Like the
// methods of the consumer it belongs to the goroutine of Run.
func (t *Tail) Unreadable() bool {
	return t.tree.unreadable() > 0 || slices.ContainsFunc(t.agenda, func(d *folder) bool {
		return d.unreadable || slices.ContainsFunc(d.files, func(f *File) bool { return !f.troubled.IsZero() && !f.damaged })
	})
}

// Marks returns what has to be remembered of a container. Like the methods of the
// consumer it belongs to the goroutine of Run; after Close any one may call it.
func (t *Tail) Marks(id Container) []Mark {
	d := t.folders[id]
	if d == nil {
		return nil
	}
	marks := append([]Mark(nil), d.marks...)
	for _, f := range d.files {
		if f.identified() {
			marks = append(marks, f.mark())
		}
	}
	return marks
}
