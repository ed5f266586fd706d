// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"io/fs"
	"time"
)

// finish closes a file that is delivered and that nobody will write to any more.
func (t *Tail) finish(d *folder, f *File) {
	if f.behind.IsZero() && f.handle == nil {
		return
	}
	over := f.handle == nil && !f.resting || f.compressed() || f.copied != nil || t.quiet(d, f) && (!f.live() || d.superseded(f))
	if over && f.atEnd && !f.ended && f.identified() {
		f.ended = true
		f.intake.End()
	}
	if !f.delivered() {
		return
	}
	f.behind, f.growth = time.Time{}, growth{}
	if !over {
		return
	}
	f.close()
	if f.copied != nil {
		if err := f.copied.Remove(); err != nil {
			t.consumer.Trouble(SpillFailed, f.copied.Name(), err)
		}
		f.copied = nil
	}
}

// superseded reports whether the container was restarted after the file.
func (d *folder) superseded(f *File) bool {
	last := d.files[len(d.files)-1]
	return last.name.restart > f.name.restart
}

// gone reports whether nothing is left that could be mistaken for the file. In a folder that is there, an archive of
// it may come yet.
func (t *Tail) gone(d *folder, f *File) bool {
	if len(f.names) > 0 || f.copied != nil || f.nameless.IsZero() {
		return false
	}
	if d.missing.IsZero() && t.now.Sub(f.nameless) < 2*t.options.Quiet {
		return false
	}
	return f.handle == nil && (!f.identified() || f.delivered()) ||
		!f.identified() && t.quiet(d, f) // Empty, and deleted.
}

// forget drops a folder that is gone, and of which no file is left. Marks of the run before
// of which no file was seen wait a while: the folder may not be there yet.
func (t *Tail) forget(d *folder) {
	if len(d.files) > 0 || d.missing.IsZero() {
		return
	}
	if len(d.marks) > 0 {
		d.due = d.missing.Add(forgetAfter)
		if t.now.Before(d.due) || !t.tree.trustworthy() {
			d.due = t.now.Add(forgetAfter)
			return
		}
	}
	if _, err := t.fs.Lstat(d.path); !errors.Is(err, fs.ErrNotExist) {
		d.dirty = true
		return
	}
	t.leave(d)
}
