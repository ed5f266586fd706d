// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// bell rings when somebody writes to a folder in which all was silent. To look at ten
// thousand silent files every now and then costs more than all that the busy ones write;
// to be told of each write would cost more still, so it rings once and has to be set again.
type bell struct {
	// set has the kernel report the next write to a file in a folder. It is nil where the
	// kernel does not.
	set func(path string) (watchID, error)
	// rings are the reports. They come together: two are a PollInterval apart.
	rings   <-chan []change
	close   func()
	folders map[watchID]*folder
	peak    shrink.Peak
}

// reportedWithin is how long after a write it is reported at the latest.
const reportedWithin = 10 * time.Second

// errUnreported is why nobody relies on reports any more.
var errUnreported = errors.New("a file has grown, and the kernel has not reported it")

// openBell returns a bell that may be nil inside: then silent files are looked at.
func (t *Tail) openBell() bell {
	b := bell{folders: map[watchID]*folder{}, close: func() {}}
	if t.options.NoWatch {
		return b
	}
	w, err := newWatcher(t.options.PollInterval)
	if err != nil {
		return b
	}
	b.set, b.rings, b.close = func(path string) (watchID, error) { return w.add(path, nextWrite) }, w.changes, w.close
	return b
}

// await is called at the end of a turn. A folder in which nothing happens for a while gets
// its next turn when somebody writes to it, or when all folders are looked at.
func (t *Tail) await(d *folder, result outcome) {
	if t.bell.set == nil || result != nothing || !d.silent() {
		d.awaited, d.silentSince = false, time.Time{}
		return
	}
	switch {
	case d.awaited:
		d.due = t.now.Add(t.options.ScanInterval)
	case d.silentSince.IsZero():
		d.silentSince = t.now
	case t.now.Sub(d.silentSince) >= t.options.Quiet:
		id, err := t.bell.set(d.path)
		if err != nil {
			return // There may be too many already: it is looked at.
		}
		t.bell.folders[id] = d
		d.awaited = true
		// One more turn, for what was written before the bell was set.
		d.due = t.together(t.options.PollInterval)
	}
}

// silent reports whether nothing has to be done for a folder until somebody writes to one
// of its files, or their names change.
func (d *folder) silent() bool {
	if d.linked || d.dirty || !d.pausedSince.IsZero() {
		return false
	}
	for _, f := range d.files {
		switch {
		case len(f.names) == 0 || !f.troubled.IsZero():
			return false
		case !f.identified():
			if f.size > 0 || !f.live() {
				return false
			}
		case !f.delivered() || f.handle != nil && (!f.live() || d.superseded(f)):
			return false
		}
	}
	return true
}

// ring gives the folders that were written to a turn.
func (t *Tail) ring(changes []change) {
	for _, c := range changes {
		if c.overflow {
			t.wakeAll()
			continue
		}
		d := t.bell.folders[c.id]
		shrink.Delete(&t.bell.folders, c.id, &t.bell.peak)
		if d != nil && d.awaited && !d.forgotten {
			t.rouse(d)
		}
	}
}

// rouse ends the waiting of a folder.
func (t *Tail) rouse(d *folder) {
	d.awaited, d.silentSince = false, time.Time{}
	d.due, d.interval = t.now, t.options.PollInterval
	t.agenda.note(d)
}

// wakeAll ends the waiting of all.
func (t *Tail) wakeAll() {
	for _, d := range t.bell.folders {
		if d.awaited && !d.forgotten {
			t.rouse(d)
		}
	}
	shrink.Clear(&t.bell.folders)
}

// mute gives back the watches that the bell takes, for good, and reports whether there
// was one: a user may have so many and no more.
func (t *Tail) mute() bool {
	if t.bell.set == nil {
		return false
	}
	t.bell.close()
	t.bell.set, t.bell.rings, t.bell.close = nil, nil, func() {}
	t.wakeAll()
	return true
}

// unreported is called when a file of a folder that waits has grown. If that was long ago,
// the file system does not report writes, as those of networks do not: from then on, the
// files are looked at.
func (t *Tail) unreported(d *folder, f *File) {
	if !d.awaited || t.now.Sub(time.Unix(0, f.modified)) < reportedWithin {
		return
	}
	t.consumer.Trouble(WatchFailed, f.path(d), errUnreported)
	t.mute()
}
