// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// folder is that of a container.
type folder struct {
	id   Container
	path string
	// files are in the order in which they were written, the oldest first.
	files []*File
	// marks are those of the run before of which the file was not seen yet.
	marks []Mark
	// odd are the names that were reported already because of what they lead to.
	odd map[string]bool

	// dirty says that the names in it may have changed; they are looked at again, but
	// not before lookAt.
	dirty  bool
	lookAt time.Time
	// due is when it gets its next turn, and interval the time between two.
	due      time.Time
	interval time.Duration
	// index is its place in the agenda, served the number of its last turn in which it was
	// not left without room.
	index  int
	served int64
	// awaited says that the bell rings at the next write to it, silentSince since when
	// nothing has happened in it.
	awaited     bool
	silentSince time.Time
	// linked says that a name in it is a link to a log file.
	linked bool
	// blocked says that it waits for room.
	blocked bool
	// pausedUntil is before when nothing of it may be read, pausedSince since when a limit
	// has kept something of it from being read: until all is read, it is not zero.
	pausedUntil, pausedSince time.Time
	// missing is since when the folder itself is not there.
	missing time.Time
	// unreadable says that it, or a name in it, could not be looked at last time.
	unreadable bool
	// wanted is what the consumer said.
	wanted bool
	// forgotten says that nothing is left of it.
	forgotten bool
}

// enter returns the folder of a container, which has been seen, or of which there is a
// mark or a copy.
func (t *Tail) enter(id Container) *folder {
	d := t.folders[id]
	if d == nil {
		d = &folder{
			id: id, path: filepath.Join(t.options.Root, id.podFolder(), id.Name), dirty: true, due: t.now,
			marks: t.options.Marks[id], wanted: t.consumer.Wanted(id), index: notNoted,
		}
		delete(t.options.Marks, id)
		t.folders[id] = d
		t.agenda.note(d)
	}
	return d
}

// look compares the names in the folder with the files that are known.
func (t *Tail) look(d *folder) {
	d.dirty, d.lookAt = false, time.Time{}
	if !d.wanted {
		if _, err := t.fs.Lstat(d.path); errors.Is(err, fs.ErrNotExist) && len(d.files) == 0 {
			t.leave(d)
		}
		return
	}
	d.due = t.now
	d.interval = t.options.PollInterval
	for range mostLooks {
		if !t.listNames(d) {
			break
		}
	}
}

// mostLooks is how often the names are looked at in a row while they change.
const mostLooks = 8

// listNames gives the files the names that they have now. It reports whether one of them
// leads to a new file, or to nothing any more. Then an older file may have lost that name
// while the names were read, and be among them under none: it has to be known before the
// newer one is read.
func (t *Tail) listNames(d *folder) (changing bool) {
	if !d.wanted {
		return false
	}
	entries, err := t.fs.ReadDir(d.path)
	d.unreadable = false
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if d.missing.IsZero() {
			d.missing = t.now
		}
	case err != nil:
		d.cannotRead(t, d.path, err)
		return false
	default:
		d.missing = time.Time{}
	}
	var before []seen
	for _, f := range d.files {
		for _, n := range f.names {
			before = append(before, seen{f, n})
		}
		f.names = f.names[:0]
	}
	for _, e := range entries {
		log, ok := parseLogName(e.Name)
		if !ok {
			continue
		}
		looked, other := t.see(d, e, log)
		if !looked {
			d.keep(before, e.Name)
		}
		changing = changing || other
	}
	for _, f := range d.files {
		switch {
		case len(f.names) > 0:
			f.nameless = time.Time{}
		case f.nameless.IsZero():
			f.nameless = t.now
		}
	}
	d.sort()
	return changing
}

// sort puts the files in the order of their present names: the file that is written to
// gets an older name when it is put aside.
func (d *folder) sort() {
	for _, f := range d.files {
		f.takeName()
	}
	slices.SortStableFunc(d.files, func(a, b *File) int { return a.name.compare(b.name) })
}

// seen is a name that a file had when the folder was last looked at.
type seen struct {
	file *File
	name fileName
}

// keep leaves a name, at which nobody can look now, to the file that had it.
func (d *folder) keep(before []seen, name string) {
	for _, s := range before {
		if s.name.name == name && slices.Contains(d.files, s.file) {
			s.file.names = append(s.file.names, s.name)
		}
	}
}

// see is called for each name of a log file in the folder. It reports whether it could
// look at what has the name, and whether that is another file than before, or none.
func (t *Tail) see(d *folder, e Entry, log logName) (looked, other bool) {
	name := fileName{name: e.Name, log: log}
	root, parts := t.options.Root, []string{d.id.podFolder(), d.id.Name, e.Name}
	switch e.Kind {
	case Regular:
	case Link:
		var err error
		if root, parts, err = t.target(filepath.Join(d.path, e.Name)); err != nil {
			t.odd(d, LinkOutside, e.Name, err)
			return true, false
		}
		d.linked = true
	default:
		t.odd(d, NotRegular, e.Name, nil)
		return true, false
	}
	info, err := t.fs.Lstat(filepath.Join(append([]string{root}, parts...)...))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return true, true
		}
		t.unreadable(d, e.Name, err)
		return false, false
	}
	if info.Kind != Regular {
		t.odd(d, NotRegular, e.Name, nil)
		return true, false
	}
	name.device, name.inode = info.Device, info.Inode
	if f := d.lookup(name, info); f != nil {
		f.names = append(f.names, name)
		return true, false
	}
	if t.starve() {
		d.lookAgain(t.now.Add(t.options.MaxPollInterval / 4))
		return false, false
	}
	h, err := t.fs.Open(root, parts...)
	if err == nil {
		if info, err = h.Stat(); err != nil {
			_ = h.Close()
		}
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return true, true
		}
		t.unreadable(d, e.Name, err)
		return true, false
	}
	name.device, name.inode = info.Device, info.Inode
	f := &File{container: d.id, name: log, names: []fileName{name}, grown: t.now, seenFirst: !t.started}
	f.use(h, log, info)
	d.files = append(d.files, f)
	t.identify(d, f)
	return true, true
}

// lookup finds the file by what the name leads to. An inode may be used again for
// another file as soon as nobody has the first one open any more.
func (d *folder) lookup(name fileName, info Info) *File {
	for _, f := range d.files {
		if f.name.restart != name.log.restart || f.device != name.device || f.inode != name.inode {
			continue
		}
		if f.handle != nil && f.copied == nil || f.resting {
			return f
		}
		// A closed file that has the name of one that is written to is opened again: the
		// kubelet undoes a rotation when the runtime does not take part.
		again := name.log.rotated == "" && !name.log.compressed && !d.superseded(f)
		if f.identified() && f.size == info.Size && f.modified == info.Modified && !again {
			return f
		}
	}
	for _, f := range d.files {
		for _, twin := range f.twins {
			if twin.Device == info.Device && twin.Inode == info.Inode && twin.Size == info.Size && twin.Modified == info.Modified {
				return f
			}
		}
	}
	return nil
}

// odd reports a name that leads to no log file, once.
func (t *Tail) odd(d *folder, kind Trouble, name string, err error) {
	if d.odd[name] {
		return
	}
	if d.odd == nil {
		d.odd = map[string]bool{}
	}
	d.odd[name] = true
	t.consumer.Trouble(kind, filepath.Join(d.path, name), err)
}

func (t *Tail) unreadable(d *folder, name string, err error) {
	if errors.Is(err, ErrNotRegular) {
		t.odd(d, NotRegular, name, nil)
		return
	}
	d.cannotRead(t, filepath.Join(d.path, name), err)
}

// cannotRead is called when a path in the folder cannot be read now.
func (d *folder) cannotRead(t *Tail, path string, err error) {
	d.unreadable = true
	t.consumer.Trouble(Unreadable, path, err)
	d.lookAgain(t.now.Add(tryAgain))
}

// lookNow is called when the names in a folder may have changed.
func (t *Tail) lookNow(d *folder) {
	d.lookAgain(t.now)
	t.agenda.note(d)
}

// lookAgain has the names looked at at a time. It is called in a turn.
func (d *folder) lookAgain(at time.Time) {
	if !d.dirty || at.Before(d.lookAt) {
		d.dirty, d.lookAt = true, at
	}
}
