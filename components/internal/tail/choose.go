// SPDX-License-Identifier: Apache-2.0

package tail

// Reconsider asks the consumer again whether a container is read, since more is known of it.
// One that is not wanted any more is left where it is: its files are closed, its copies
// removed, and its marks kept. If it is wanted again, reading goes on there. Like the methods
// of the consumer it belongs to the goroutine of Run.
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
	d.lookAgain(t.now)
	if wanted {
		t.tree.add(d.path, place{pod: id.podFolder(), container: id.Name})
		return
	}
	d.marks = t.Marks(id)
	for _, f := range d.files {
		f.close()
		if f.copied == nil {
			continue
		}
		if err := f.copied.Remove(); err != nil {
			t.consumer.Trouble(SpillFailed, f.copied.Name(), err)
		}
	}
	d.files = nil
	t.consumer.Changed(id)
}

// leave drops what is known of a folder that is gone.
func (t *Tail) leave(d *folder) {
	d.marks, d.forgotten = nil, true
	t.consumer.Changed(d.id)
	t.consumer.Forgotten(d.id)
}
