// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

var errEnded = errors.New("the copy is already committed or aborted")

// Writer writes a copy. It is for one goroutine, and ends with Commit or Abort.
type Writer struct {
	file     *File
	out      newFile
	path     string // of what is on the disk
	encoder  *zstd.Encoder
	buf      []byte // what is not in a frame yet
	frame    []byte
	reserved int64
	err      error
}

// Create begins a copy, which is not seen before it is committed. It returns ErrFull
// when not even an empty one has room.
func (s *Store) Create(h Header) (*Writer, error) {
	w, err := s.create(h)
	if err != nil {
		return nil, fmt.Errorf("create a copy of %q: %w", h.Path, err)
	}
	return w, nil
}

func (s *Store) create(h Header) (*Writer, error) {
	if err := h.validate(); err != nil {
		return nil, err
	}
	if err := s.Ready(); err != nil {
		return nil, err
	}
	e, err := encoder()
	if err != nil {
		return nil, err
	}
	h.Identity = append([]byte(nil), h.Identity...)
	begin := h.encode()
	w := &Writer{encoder: e, file: &File{Header: h, store: s}, reserved: int64(len(begin)) + frameHeader}
	if _, w.file.end, w.file.sum, err = readHeader(bytes.NewReader(begin)); err != nil {
		return nil, err
	}
	if w.file.name, err = s.next(); err != nil {
		return nil, err
	}
	if !s.reserve(w.reserved) {
		return nil, ErrFull
	}
	w.path = w.file.path() + unready
	if err = makeFolder(s.disk, s.dir); err == nil {
		w.out, err = s.disk.create(w.path)
	}
	if err != nil {
		s.reserve(-w.reserved)
		return nil, err
	}
	if _, err := w.out.Write(begin); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// Write takes as much of p as has room for sure, and returns ErrFull if that is not all
// of it. Room is for sure when the data would fit that cannot be compressed: the last
// 256 KiB of the bound may stay free. What was taken can still be committed. After any
// other error the copy can only be aborted.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) && w.err == nil {
		take := min(len(p)-n, frameBytes-len(w.buf))
		if w.reserved == w.file.end+frameHeader { // nothing is reserved for a frame yet
			if len(w.file.frames) == maxFrames || !w.room(maxData-frameBytes+frameHeader) {
				return n, w.wrap("write", ErrFull)
			}
		}
		take = w.roomUpTo(take)
		if take == 0 {
			return n, w.wrap("write", ErrFull)
		}
		w.buf = append(w.buf, p[n:n+take]...)
		n += take
		if len(w.buf) == frameBytes {
			w.err = w.flush()
		}
	}
	if w.err != nil {
		return n, w.wrap("write", w.err)
	}
	return n, nil
}

func (w *Writer) room(n int64) bool {
	if !w.file.store.reserve(n) {
		return false
	}
	w.reserved += n
	return true
}

// roomUpTo reserves n bytes, or what is left if that is less.
func (w *Writer) roomUpTo(n int) int {
	s := w.file.store
	s.mu.Lock()
	defer s.mu.Unlock()
	n = int(max(0, min(int64(n), s.max-s.used)))
	s.used += int64(n)
	w.reserved += int64(n)
	return n
}

// flush writes the buffer as a frame, and gives back what it did not take.
func (w *Writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	f := w.file
	w.frame = appendFrame(w.frame[:0], f.sum, f.Start+f.size, len(w.buf), w.encoder.EncodeAll(w.buf, nil))
	if _, err := w.out.Write(w.frame); err != nil {
		return err
	}
	f.frames = append(f.frames, f.end)
	f.end += int64(len(w.frame))
	f.size += int64(len(w.buf))
	w.buf = w.buf[:0]
	f.store.reserve(f.end + frameHeader - w.reserved)
	w.reserved = f.end + frameHeader
	return nil
}

// Commit returns when the copy is on the disk, whole. After an error it is gone, unless
// the disk does not let it be removed.
func (w *Writer) Commit() (*File, error) {
	if w.err == nil {
		w.err = w.commit()
	}
	if w.err != nil {
		err := w.wrap("commit", w.err)
		w.Abort()
		return nil, err
	}
	w.err = errEnded
	return w.file, nil
}

func (w *Writer) commit() error {
	if err := w.flush(); err != nil {
		return err
	}
	f := w.file
	f.store.reserve(f.end + frameHeader - w.reserved)
	w.reserved = f.end + frameHeader
	if _, err := w.out.Write(appendFrame(nil, f.sum, f.Start+f.size, 0, nil)); err != nil {
		return err
	}
	if err := w.out.Sync(); err != nil {
		return err
	}
	out := w.out
	w.out = nil
	if err := out.Close(); err != nil {
		return err
	}
	d, dir := f.store.disk, f.store.dir
	if err := d.rename(w.path, f.path()); err != nil {
		return err
	}
	w.path = f.path()
	if err := errors.Join(d.sync(dir), d.sync(filepath.Dir(dir))); err != nil {
		return err
	}
	f.store.keep(f.name, w.reserved)
	return nil
}

// Abort removes what was written. After Commit or Abort it does nothing.
func (w *Writer) Abort() {
	if errors.Is(w.err, errEnded) {
		return
	}
	w.err = errEnded
	if w.out != nil {
		_ = w.out.Close()
	}
	// What cannot be removed goes on to count. The next Open removes it, or has it as a
	// copy when only the last step of the commit failed.
	s := w.file.store
	if err := s.disk.remove(w.path); err == nil || errors.Is(err, fs.ErrNotExist) {
		s.reserve(-w.reserved)
	}
}

func (w *Writer) wrap(what string, err error) error {
	return fmt.Errorf("%s the copy %q of %q: %w", what, w.file.path(), w.file.Path, err)
}
