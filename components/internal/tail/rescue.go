// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/tributary-otel/tributary/components/internal/spill"
)

// A file whose last name was removed lives on as long as it is open. Nobody would find
// it after a restart: so the rest of it is copied aside, when it is not delivered
// within a moment.

const (
	// settled is how long nothing has to be written to a file without a name before it
	// is copied.
	settled = 2 * time.Second
	// copyBytes is how much is copied at once.
	copyBytes = 256 << 10
)

// identity says in a copy which file it is of.
type identity struct {
	Container Container `json:"container"`
	// Folder is that of the container, byte for byte. JSON keeps no bytes that are no
	// text, so it is there when the container has such a name.
	Folder []byte `json:"folder,omitempty"`
	Name   string `json:"name"`
	Mark   Mark   `json:"mark"`
}

// owner is the container of which the copy is.
func (id identity) owner() Container {
	if c, ok := ParseFolder(string(id.Folder)); ok {
		return c
	}
	return id.Container
}

// rescue copies the rest of a file aside if nothing else will be left of it. At the
// end that is done at once.
func (t *Tail) rescue(d *folder, f *File, atEnd bool) {
	if t.options.Spill == nil || f.handle == nil || f.copied != nil || len(f.names) > 0 || !f.identified() || f.delivered() {
		return
	}
	if !atEnd && (t.now.Sub(f.grown) < settled || t.now.Before(f.copyAgain)) {
		return
	}
	copied, end, err := t.copyRest(f)
	if err == nil {
		var reader *spill.Reader
		if reader, err = copied.Open(); err == nil {
			t.consumer.Trouble(Spilled, f.path(d), nil)
			f.close()
			f.content, f.copied, f.size = reader, copied, end
			return
		}
		err = errors.Join(err, copied.Remove())
	}
	if !atEnd {
		f.copyAgain = t.now.Add(tryAgain)
	}
	t.consumer.Trouble(SpillFailed, f.path(d), err)
}

// copyRest writes what is not delivered, and returns where it ends.
func (t *Tail) copyRest(f *File) (copied *spill.File, end int64, err error) {
	m := f.mark()
	is := identity{Container: f.container, Name: f.name.String(), Mark: m}
	if folder := f.container.Folder(); !utf8.ValidString(folder) {
		is.Folder = []byte(folder)
	}
	id, err := json.Marshal(is)
	if err != nil {
		return nil, 0, fmt.Errorf("encode the identity of a copy: %w", err)
	}
	w, err := t.options.Spill.Create(spill.Header{Path: f.container.Folder() + "/" + f.name.String(), Identity: id, Start: m.Position.Start()})
	if err != nil {
		return nil, 0, err
	}
	// A second reader, so that the place in an archive is not lost.
	var from content = f.handle
	if f.compressed() {
		from = &archive{handle: f.handle}
	}
	buffer := make([]byte, copyBytes)
	for end = m.Position.Start(); ; {
		n, err := from.ReadAt(buffer, end)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				w.Abort()
				return nil, 0, err
			}
			end += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, errDamaged) {
			break
		}
		if err != nil {
			w.Abort()
			return nil, 0, err
		}
	}
	copied, err = w.Commit()
	return copied, end, err
}

// openCopies takes up the copies of the run before, as soon as their folder can be read.
// It returns when it wants to be called again.
func (t *Tail) openCopies() time.Duration {
	switch {
	case t.options.Spill == nil || t.copiesOpen:
		return t.options.ScanInterval
	case t.now.Before(t.copiesAgain):
		return t.copiesAgain.Sub(t.now)
	}
	if err := t.options.Spill.Ready(); err != nil {
		if t.copiesAgain.IsZero() {
			t.consumer.Trouble(SpillFailed, "", err)
		}
		t.copiesAgain = t.now.Add(tryAgain)
		return tryAgain
	}
	t.copiesOpen = true
	list, errs := t.options.Spill.List()
	for _, err := range errs {
		t.consumer.Trouble(SpillDamaged, "", err)
	}
	for _, copied := range list {
		if err := t.openCopy(copied); err != nil {
			t.consumer.Trouble(SpillDamaged, copied.Name(), err)
		}
	}
	return t.options.ScanInterval
}

func (t *Tail) openCopy(copied *spill.File) error {
	var id identity
	if err := json.Unmarshal(copied.Identity, &id); err != nil {
		return fmt.Errorf("decode the identity of a copy: %w", err)
	}
	name, ok := parseLogName(id.Name)
	if !ok {
		return fmt.Errorf("the copy is of a file named %q", id.Name)
	}
	reader, err := copied.Open()
	if err != nil {
		return err
	}
	d := t.enter(id.owner())
	f := &File{
		container: d.id, name: name, content: reader, copied: copied,
		device: id.Mark.Device, inode: id.Mark.Inode, head: id.Mark.Head, headLen: id.Mark.HeadBytes,
		size: copied.Start + copied.Size(), nameless: t.now,
	}
	start := id.Mark.Position
	for i, m := range d.marks {
		if m.Restart == name.restart && m.Head == f.head && m.HeadBytes == f.headLen {
			if m.Position.Start() > start.Start() {
				start = m.Position
			}
			d.marks = append(d.marks[:i:i], d.marks[i+1:]...)
			break
		}
	}
	t.open(f, start)
	d.files = append(d.files, f)
	d.sort()
	d.due = t.now
	t.agenda.note(d)
	return nil
}
