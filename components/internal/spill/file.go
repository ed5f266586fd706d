// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// File is a copy that was committed. It may be used by several goroutines.
type File struct {
	Header
	store  *Store
	name   string
	size   int64
	frames []int64 // where they begin; all but the last hold frameBytes
	end    int64   // behind the last frame with data
	sum    uint32  // of the header
}

func (f *File) path() string { return filepath.Join(f.store.dir, f.name) }

// Name is the name of the file in the folder.
func (f *File) Name() string { return f.name }

// Size is the number of copied bytes, decompressed, that can be read.
func (f *File) Size() int64 { return f.size }

// check checks a file. With an error it also returns what can be used, if it is
// something. It uses buf, which has maxData bytes.
func (s *Store) check(name string, buf []byte) (*File, error) {
	f := &File{store: s, name: name}
	in, err := openRegular(f.path())
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	return f.scan(in, info.Size(), buf)
}

// scan goes through the frames up to the first that is damaged.
func (f *File) scan(in io.ReaderAt, length int64, buf []byte) (_ *File, err error) {
	if f.Header, f.end, f.sum, err = readHeader(in); err != nil {
		return nil, err
	}
	for {
		frame, err := readFrame(in, f.end, f.Start+f.size, f.sum, buf)
		if err != nil {
			return f, err
		}
		next := f.end + frameHeader + int64(frame.data)
		switch {
		case frame.raw == 0 && next != length:
			return f, fmt.Errorf("something follows the end at byte %d", next)
		case frame.raw == 0:
			return f, nil
		case f.size%frameBytes != 0 || len(f.frames) == maxFrames:
			return f, fmt.Errorf("the frame at byte %d is out of place", f.end)
		}
		f.frames = append(f.frames, f.end)
		f.size += int64(frame.raw)
		f.end = next
	}
}

// Open begins to read.
func (f *File) Open() (*Reader, error) {
	in, err := openRegular(f.path())
	if err != nil {
		return nil, fmt.Errorf("open the copy of %q: %w", f.Path, err)
	}
	return &Reader{file: f, in: in, current: -1}, nil
}

// Remove removes the copy. Readers that are open go on. It does not wait for the disk:
// a copy that is there again after a power cut costs a look at how far it was
// delivered, and waiting would cost every copy that is.
func (f *File) Remove() error {
	if err := f.store.disk.remove(f.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the copy of %q: %w", f.Path, err)
	}
	f.store.forget(f.name)
	return nil
}
