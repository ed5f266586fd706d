// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tributary-otel/tributary/components/internal/durable"
)

// disk is a folder as the snapshots see it: every step that can fail, or that a
// crash can follow, is one call. Names are those of files in the folder.
type disk interface {
	// read returns the content of a regular file, fs.ErrNotExist when there is
	// nothing of that name.
	read(name string) ([]byte, error)
	// create opens a new file for writing and fails when the name is taken.
	create(name string) (newFile, error)
	// rename moves a file, over one that may be there.
	rename(from, to string) error
	remove(name string) error
	// sync returns when names that were created, renamed and removed are on the disk.
	sync() error
}

// newFile is a file that is being written.
type newFile interface {
	io.WriteCloser
	// Sync returns when the content is on the disk.
	Sync() error
}

// replace puts content under a name. After a crash at any moment, also of the
// machine, the name holds either what it held before or all of the content.
func replace(d disk, name string, content []byte) error {
	temporary := name + temporaryEnding
	if err := write(d, temporary, content); err != nil {
		return err
	}
	if err := d.rename(temporary, name); err != nil {
		return errors.Join(err, d.remove(temporary))
	}
	return d.sync()
}

// write makes a file whose content is on the disk. It leaves nothing when it fails:
// a full disk needs the room.
func write(d disk, name string, content []byte) error {
	file, err := d.create(name)
	if errors.Is(err, fs.ErrExist) {
		// Left by an attempt before that could not remove it.
		if err = d.remove(name); err == nil {
			file, err = d.create(name)
		}
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, d.remove(name))
	}
	return nil
}

// realDisk is the folder with this path.
type realDisk string

func (d realDisk) path(name string) string { return filepath.Join(string(d), name) }

func (d realDisk) read(name string) ([]byte, error) {
	// Opening a pipe could wait for ever, and a link leads out of the folder.
	info, err := os.Lstat(d.path(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, damaged("unreadable", "it is not a regular file")
	}
	if info.Size() > maxSnapshotBytes {
		return nil, damaged("length", "it has %d bytes, more than any snapshot", info.Size())
	}
	return os.ReadFile(d.path(name))
}

func (d realDisk) create(name string) (newFile, error) {
	return os.OpenFile(d.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (d realDisk) rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }

func (d realDisk) remove(name string) error { return os.Remove(d.path(name)) }

func (d realDisk) sync() error { return durable.SyncFolder(string(d)) }
