// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"path/filepath"
)

// A process may have so many descriptors and no more, and those for the backend, the
// state and the metrics come out of the same number. Where there are more files than
// that, those of which all is delivered rest: they are closed, and opened again when
// somebody has gone on writing.

// errDescriptors says what to do about it.
var errDescriptors = errors.New("too many open files; raise the limit of open files (nofile) of the process above the number of log files")

// counted counts the files that are open.
type counted struct {
	FS
	open int
}

type countedHandle struct {
	Handle
	fs *counted
}

func (c *counted) Open(root string, parts ...string) (Handle, error) {
	h, err := c.FS.Open(root, parts...)
	if err != nil {
		return nil, err
	}
	c.open++
	return countedHandle{h, c}, nil
}

func (h countedHandle) Close() error {
	h.fs.open--
	return h.Handle.Close()
}

// starve reports whether no file may be opened now. Then there will be room soon.
func (t *Tail) starve() bool {
	full := t.options.MaxOpen > 0 && t.fs.open >= t.options.MaxOpen
	t.starved = t.starved || full
	return full
}

// makeRoom lets files rest if there was no room for others.
func (t *Tail) makeRoom() {
	if !t.starved {
		return
	}
	t.starved = false
	t.consumer.Trouble(FewDescriptors, t.options.Root, errDescriptors)
	for _, d := range t.agenda {
		for _, f := range d.files {
			if t.mayRest(d, f) {
				f.close()
				f.resting, f.early = true, true
			}
		}
	}
}

// mayRest reports whether nothing of a file is wanted before it is another one: all of
// it is delivered, or nothing is in it. Behind a link nobody can tell it by its name.
func (t *Tail) mayRest(d *folder, f *File) bool {
	if d.linked || f.handle == nil || f.copied != nil || len(f.names) == 0 || !f.troubled.IsZero() {
		return false
	}
	if f.identified() {
		return f.live() && f.delivered()
	}
	return f.size == 0 || f.compressed()
}

// wake opens a file that rests if it is another one by now, and leaves it closed for good
// if nobody will write to it any more.
func (t *Tail) wake(d *folder, f *File) {
	if len(f.names) == 0 {
		f.resting = false
		return
	}
	parts := []string{d.id.podFolder(), d.id.Name, f.names[0].name}
	info, err := t.fs.Lstat(filepath.Join(append([]string{t.options.Root}, parts...)...))
	switch {
	case err != nil || info.Device != f.device || info.Inode != f.inode:
		d.lookAgain(t.now) // The name leads to something else.
		return
	case info.Size == f.size && info.Modified == f.modified:
		f.resting = !f.identified() || f.live() && !d.superseded(f)
		return
	case t.starve():
		return
	}
	h, err := t.fs.Open(t.options.Root, parts...)
	if err != nil {
		t.fail(d, f, err)
		return
	}
	// Whether it is still the same is asked of each file that was written to.
	f.handle, f.content, f.resting, f.early = h, contentOf(h, f.names[0].log), false, false
}
