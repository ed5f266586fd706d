// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// name is a name of a journal file.
type name struct {
	info os.FileInfo
	file *file
	// failed is when the file could not be read, told the error of it that was told.
	failed time.Time
	told   string
	seen   uint64
}

const (
	// tryAgain is after what time a file that cannot be read is tried again.
	tryAgain = 5 * time.Second
	// birth is how long a new file may be empty before that is told.
	birth = 5 * time.Second
)

// examine looks at a name of a journal file.
func (r *Reader) examine(path string) {
	n := r.paths[path]
	if n != nil {
		n.seen = r.looked
		if n.file != nil && hasArchiveName(filepath.Base(path)) {
			return // journald gives such a name to one file only.
		}
		if !n.failed.IsZero() && r.now().Sub(n.failed) < tryAgain {
			r.fails(path)
			return
		}
	}
	info, err := os.Stat(path)
	if err == nil && n != nil && n.file != nil && n.info != nil && os.SameFile(info, n.info) {
		return
	}
	if n == nil {
		n = &name{seen: r.looked}
		r.paths[path] = n
	}
	n.info, n.file = info, nil
	if err == nil {
		err = r.enter(path, n)
	}
	switch {
	case err == nil:
		n.failed, n.told = time.Time{}, ""
	case errors.Is(err, fs.ErrNotExist):
		delete(r.paths, path) // It has just gone, or has another name.
		r.poll.unborn = true
	case errors.Is(err, errEmptied) && hasArchiveName(filepath.Base(path)):
		r.poll.incomplete = true // journald is deleting it.
	case (errors.Is(err, errEmptied) || errors.Is(err, errNoJournal)) && info != nil && r.now().Sub(info.ModTime()) < birth:
		r.poll.unborn = true // journald has not written its header yet.
	default:
		n.failed = r.now()
		r.fails(path)
		r.tell(path, n, err)
	}
}

// fails notes that not all files of a folder are read.
func (r *Reader) fails(path string) {
	r.partial[filepath.Dir(path)] = true
	r.poll.incomplete = true
}

// tell tells of a file that is left out, once for each reason.
func (r *Reader) tell(path string, n *name, err error) {
	if n.told == err.Error() {
		return
	}
	n.told = err.Error()
	var u unsupported
	switch {
	case errors.As(err, &u):
		r.trouble(Unsupported, path, err)
	case errors.Is(err, errNoJournal), errors.Is(err, errEmptied):
		r.trouble(NoJournal, path, err)
	default:
		r.trouble(Unreadable, path, err)
	}
}

// enter takes up the file of a name: a new one, or one that is known by another name.
func (r *Reader) enter(path string, n *name) error {
	handle, h, err := openFile(path)
	if err != nil {
		return err
	}
	folder := filepath.Base(filepath.Dir(path))
	if f := r.files[h.fileID]; f != nil {
		if other := r.paths[f.path]; f.path != path && other != nil && other.file == f && other.seen == r.looked && h.entries <= f.header.entries {
			// A copy of a file that is there as well.
			return handle.Close()
		}
		f.path, f.folder, f.archived = path, folder, hasArchiveName(filepath.Base(path))
		n.file = f
		if f.archived && f.live {
			r.refresh(f)
		}
		return handle.Close()
	}
	r.numbers++
	f := &file{
		number: r.numbers, path: path, folder: folder, header: h, read: r.tick,
		volatile: strings.Contains(path, "/run/log/journal"), archived: hasArchiveName(filepath.Base(path)),
		late: r.poll.begun,
	}
	f.live = h.state != stateArchived && !f.archived
	n.file = f
	r.files[h.fileID] = f
	if f.live || f.volatile {
		f.hold(handle, h, &r.windows)
	} else if err := handle.Close(); err != nil {
		return err
	}
	if f.volatile {
		r.volatile = append(r.volatile, f)
	}
	s := r.sequences[h.seqnumID]
	if s == nil {
		s = &sequence{id: h.seqnumID}
		r.sequences[h.seqnumID] = s
		r.order = append(r.order, s)
	}
	f.counter = r.counterOf(path, &h)
	s.add(f)
	return nil
}
