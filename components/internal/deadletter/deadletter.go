// SPDX-License-Identifier: Apache-2.0

// Package deadletter keeps what can never be delivered, so that it can be looked
// at and sent by hand: one JSON object per line, in a file of bounded size.
package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tributary-otel/tributary/components/internal/durable"
)

// File is a dead-letter file. It is created with the first record, readable by
// its owner only, since log lines are. It may be used by several goroutines.
//
// When it has grown to half of its limit it becomes <path>.1, in the place of the
// one before: both together never exceed the limit, except by a single batch that
// is larger than half of it. Both may be moved or removed at any time.
type File struct {
	path     string
	maxBytes int64
	// syncFolder is durable.SyncFolder.
	syncFolder func(path string) error

	mu   sync.Mutex
	file *os.File
	size int64
}

// New returns the file at path; maxBytes bounds it and its predecessor together.
// Nothing is opened yet.
func New(path string, maxBytes int64) *File {
	return &File{path: path, maxBytes: maxBytes, syncFolder: durable.SyncFolder}
}

// Path is where the records are.
func (f *File) Path() string { return f.path }

// Write appends the records, each marshalled as JSON, and returns when they are
// on the disk. After an error some of them may be there; the next call opens the
// file anew.
func (f *File) Write(records ...any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, r := range records {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("encode dead letter: %w", err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.append(text.Bytes()); err != nil {
		return errors.Join(fmt.Errorf("write dead letters: %w", err), f.close())
	}
	return nil
}

func (f *File) append(text []byte) error {
	if err := f.open(); err != nil {
		return err
	}
	if f.size > 0 && f.size+int64(len(text)) > f.maxBytes/2 {
		if err := f.close(); err != nil {
			return err
		}
		if err := os.Rename(f.path, f.path+".1"); err != nil {
			return err
		}
		if err := f.open(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(text)
	f.size += int64(n)
	if err != nil {
		return err
	}
	return f.file.Sync()
}

// open opens the file unless it is open already, and still in its place: who takes
// the records away to look at them moves the file.
func (f *File) open() error {
	if f.file != nil {
		if f.inPlace() {
			return nil
		}
		if err := f.close(); err != nil {
			return err
		}
	}
	if err := durable.MakeFolder(filepath.Dir(f.path)); err != nil {
		return err
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	size, err := endOfLine(file)
	if err == nil && size == 0 {
		// It may be new, and the one before may have another name.
		err = f.syncFolder(filepath.Dir(f.path))
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, size
	return nil
}

func (f *File) inPlace() bool {
	named, err := os.Stat(f.path)
	if err != nil {
		return false
	}
	open, err := f.file.Stat()
	return err == nil && os.SameFile(named, open)
}

// endOfLine makes sure that the next record begins on a line of its own, also
// after a write that a full disk or a crash cut short. It returns the size.
func endOfLine(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	// A pipe could block for ever, /dev/null would lose all.
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", file.Name())
	}
	if info.Size() == 0 {
		return 0, nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return 0, err
	}
	if last[0] == '\n' {
		return info.Size(), nil
	}
	n, err := file.Write([]byte{'\n'})
	return info.Size() + int64(n), err
}

// Close releases the file. A later Write opens it again.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.close()
}

func (f *File) close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file, f.size = nil, 0
	return file.Close()
}
