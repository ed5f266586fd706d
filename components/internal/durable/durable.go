// SPDX-License-Identifier: Apache-2.0

// Package durable makes names outlive a power cut. A file whose content is on the disk is
// lost all the same when the name of it, or of a folder above it, is not.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// SyncFolder returns when the names in a folder are on the disk, as far as the
// file system can do that: some network file systems cannot.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}

// MakeFolder makes a folder and those above it, for their owner only, and returns when
// they are on the disk.
func MakeFolder(path string) error {
	var missing []string
	for at := path; ; at = filepath.Dir(at) {
		_, err := os.Stat(at)
		if err == nil || filepath.Dir(at) == at {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, at)
	}
	if len(missing) == 0 {
		return nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for _, made := range missing {
		if err := SyncFolder(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return nil
}
