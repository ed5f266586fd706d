// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// scan looks at all names, and reports whether there are new files.
func (r *Reader) scan() (found bool) {
	r.tick++
	r.looked = r.tick
	r.poll.scanned = r.now()
	r.poll.incomplete, r.poll.unborn = false, false
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
	r.live = nil
	for _, f := range r.files {
		if f.live && f.handle != nil {
			r.live = append(r.live, f)
		}
		n := r.paths[f.path]
		f.unnamed = n == nil || n.file != f
		if f.unnamed {
			r.nameless(f)
		}
	}
	r.foundSequences()
	return r.numbers != before
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

// remoteFolder is where systemd-journal-remote(8) keeps what it gets.
const remoteFolder = "remote"

// wants reports whether a folder in one of the directories is read, by its name.
func (r *Reader) wants(folder string) bool {
	if folder == remoteFolder {
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
