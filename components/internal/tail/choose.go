// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"slices"
	"time"
)

// waitUnwanted is how long nothing has to be done for a folder that is not wanted.
const waitUnwanted = time.Hour

// Reconsider asks the consumer again whether a container is read, since more is known of it.
// One that is not wanted any more is left where it is: when what was read of a file is
// delivered, the file is closed, its copy removed, and its mark kept. If it is wanted again,
// reading goes on there. Like the methods of the consumer it belongs to the goroutine of Run.
func (t *Tail) Reconsider(id Container) {
	d := t.folders[id]
	if d == nil || d.forgotten {
		return
	}
	wanted := t.consumer.Wanted(id)
	if wanted == d.wanted {
		return
	}
	d.wanted, d.blocked = wanted, false
	d.due = t.now
	t.lookNow(d)
	if wanted {
		t.tree.add(d.path, place{pod: id.podFolder(), container: id.Name})
		return
	}
	for _, f := range d.files {
		if f.identified() && !f.ended {
			f.ended = true
			f.intake.End() // Nothing follows.
		}
	}
}

// part lets go of the files of a folder that is not wanted.
func (t *Tail) part(d *folder) {
	before := len(d.files)
	d.files = slices.DeleteFunc(d.files, func(f *File) bool {
		if f.identified() && !f.intake.Idle() {
			return false
		}
		if f.identified() {
			d.marks = append(d.marks, f.mark())
		}
		f.close()
		if f.copied != nil {
			if err := f.copied.Remove(); err != nil {
				t.consumer.Trouble(SpillFailed, f.copied.Name(), err)
			}
		}
		return true
	})
	if len(d.files) < before {
		t.consumer.Changed(d.id)
	}
	if len(d.files) > 0 {
		d.due = t.together(t.options.PollInterval)
		return
	}
	d.due = t.now.Add(waitUnwanted)
}

// leave drops what is known of a folder that is gone.
func (t *Tail) leave(d *folder) {
	d.marks, d.forgotten = nil, true
	t.consumer.Changed(d.id)
	t.consumer.Forgotten(d.id)
}
