// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tributary-otel/tributary/components/internal/durable"
)

// disk is all that changes the file system. Paths are whole ones.
type disk interface {
	// mkdir makes one folder for the owner only.
	mkdir(path string) error
	// create opens a new file for writing and fails when the name is taken.
	create(path string) (newFile, error)
	// rename moves a file, over one that may be there.
	rename(from, to string) error
	remove(path string) error
	// sync returns when the names in a folder are on the disk.
	sync(folder string) error
}

// newFile is a file that is being written.
type newFile interface {
	io.WriteCloser
	// Sync returns when the content is on the disk.
	Sync() error
}

type realDisk struct{}

func (realDisk) mkdir(path string) error { return os.Mkdir(path, 0o700) }

func (realDisk) create(path string) (newFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
}

func (realDisk) rename(from, to string) error { return os.Rename(from, to) }

func (realDisk) remove(path string) error { return os.Remove(path) }

func (realDisk) sync(folder string) error { return durable.SyncFolder(folder) }

// makeFolder makes a folder and those above it that are missing. Each is on the disk
// before something is made in it: a folder that is there needs no second look.
func makeFolder(d disk, path string) error {
	err := d.mkdir(path)
	above := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && above != path {
		if err := makeFolder(d, above); err != nil {
			return err
		}
		err = d.mkdir(path)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.sync(above)
}

// openRegular follows no link, and waits for no pipe.
func openRegular(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, errors.Join(fmt.Errorf("open %s: it is no regular file", name), err)
	}
	return f, nil
}
