// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
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

// scan looks at all names, and reports whether there are new files.
func (r *Reader) scan() (found bool) {
	r.tick++
	r.looked = r.tick
	r.poll.scanned = r.now()
	r.poll.incomplete = false
	clear(r.partial)
	before := r.numbers
	for _, path := range r.list() {
		r.examine(path)
	}
	for path, n := range r.paths {
		if n.seen != r.looked {
			delete(r.paths, path)
		}
	}
	for _, f := range r.files {
		n := r.paths[f.path]
		f.unnamed = n == nil || n.file != f
		if f.unnamed {
			r.nameless(f)
		}
	}
	r.began()
	return r.numbers != before
}

// began makes ready the sequences that were found.
func (r *Reader) began() {
	for id, s := range r.sequences {
		if s.known == 0 && s.last == 0 {
			for _, f := range s.files {
				s.known, f.old = max(s.known, f.header.tailSeqnum), f.header.entries
			}
			if m, ok := r.started[id]; ok {
				s.resume(m)
				r.absent = slices.DeleteFunc(slices.Clone(r.absent), func(m Mark) bool { return m.SeqnumID == id })
			}
		}
	}
}

// nameless is called for a file that has no name any more.
func (r *Reader) nameless(f *file) {
	switch {
	case f.done && !f.volatile:
		delete(r.files, f.header.fileID)
	case f.done:
		// It is held for the copying to the disk. What journald deletes for want of room
		// it empties as well, and does not copy.
		if _, err := readHeader(f.handle); err != nil {
			r.forget(f)
		}
	case f.handle != nil && f.live && deleted(f.handle):
		r.refresh(f)
		f.live = false
	}
}

// list returns the paths of journal files, and watches the folders they are in.
func (r *Reader) list() (paths []string) {
	if len(r.options.Files) > 0 {
		for _, glob := range r.options.Files {
			matches, _ := filepath.Glob(glob)
			if len(matches) == 0 {
				r.incomplete(Missing, glob, fs.ErrNotExist)
			}
			paths = append(paths, matches...)
		}
		chosen := make(map[string]bool)
		folders := make(map[string]bool)
		for _, path := range paths {
			chosen[path], folders[filepath.Dir(path)] = true, true
		}
		for folder := range folders {
			names, _ := r.readFolder(folder)
			for _, entry := range names {
				if isJournal(entry.Name()) && !chosen[filepath.Join(folder, entry.Name())] {
					r.partial[folder] = true
				}
			}
		}
		return paths
	}
	for _, root := range r.options.Directories {
		entries, ok := r.readFolder(root)
		if !ok {
			continue
		}
		paths = appendJournals(paths, root, entries)
		for _, entry := range entries {
			if !r.wants(entry.Name()) || isJournal(entry.Name()) {
				continue
			}
			folder := filepath.Join(root, entry.Name())
			if info, err := os.Stat(folder); err != nil || !info.IsDir() {
				continue
			}
			if entries, ok := r.readFolder(folder); ok {
				paths = appendJournals(paths, folder, entries)
			}
		}
	}
	return paths
}

func appendJournals(paths []string, folder string, entries []os.DirEntry) []string {
	for _, entry := range entries {
		if isJournal(entry.Name()) {
			paths = append(paths, filepath.Join(folder, entry.Name()))
		}
	}
	return paths
}

func isJournal(name string) bool {
	return strings.HasSuffix(name, ".journal") || strings.HasSuffix(name, ".journal~")
}

// wants reports whether a folder in one of the directories is read, by its name.
func (r *Reader) wants(folder string) bool {
	if folder == "remote" {
		return r.options.Merge
	}
	machine, namespace, _ := strings.Cut(folder, ".")
	id, err := ParseID(machine)
	if err != nil || !r.options.Merge && r.options.MachineID != (ID{}) && id != r.options.MachineID {
		return false
	}
	for _, glob := range r.options.Namespaces {
		if ok, _ := path.Match(glob, namespace); ok {
			return true
		}
	}
	return false
}

// readFolder lists a folder, and has it watched.
func (r *Reader) readFolder(folder string) ([]os.DirEntry, bool) {
	if r.watch != nil {
		if err := r.watch.add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			if !r.poll.blind {
				r.trouble(WatchFailed, folder, err)
			}
			r.poll.blind = true
		}
	}
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.incomplete(Missing, folder, err)
	case err != nil:
		r.incomplete(Unreadable, folder, err)
	}
	return entries, err == nil
}

// incomplete notes that not everything could be looked at. It is told when it begins.
func (r *Reader) incomplete(kind Trouble, path string, err error) {
	r.poll.incomplete = true
	r.partial[path] = true
	n := r.paths[path]
	if n == nil {
		n = &name{}
		r.paths[path] = n
	}
	n.seen = r.looked
	if told := string(kind) + err.Error(); n.told != told {
		n.told = told
		r.trouble(kind, path, err)
	}
}

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
		r.poll.incomplete = true
	case errors.Is(err, errEmptied) && (hasArchiveName(filepath.Base(path)) || r.now().Sub(info.ModTime()) < birth):
		// journald has emptied it, or has not written it yet.
		r.poll.incomplete = true
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
		return handle.Close()
	}
	r.numbers++
	f := &file{
		number: r.numbers, path: path, folder: folder, header: h, read: r.tick,
		volatile: strings.Contains(path, "/run/log/journal"), archived: hasArchiveName(filepath.Base(path)),
		late: r.poll.begun,
	}
	f.live = h.state != stateArchived && !strings.HasSuffix(path, "~")
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
	s.add(f)
	return nil
}
