// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"fmt"
	"io"
	"sync"
)

// source is an open file.
type source interface {
	io.ReaderAt
	io.Closer
}

// Reader reads a copy. It holds one frame, of 256 KiB, decompressed. It may be used by
// several goroutines, which wait for each other.
type Reader struct {
	file *File
	in   source

	mu      sync.Mutex
	current int // the frame that raw holds, or -1
	raw     []byte
	data    []byte
}

// ReadAt reads what stood at an offset of the log file. It returns io.EOF at the end of
// the copy, and fewer bytes than asked for only with an error.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < r.file.Start {
		return 0, fmt.Errorf("read the copy of %q at %d: it begins at %d", r.file.Path, off, r.file.Start)
	}
	at := off - r.file.Start
	for n < len(p) {
		if at >= r.file.size {
			return n, io.EOF
		}
		if err := r.load(int(at / frameBytes)); err != nil {
			return n, fmt.Errorf("read the copy %q of %q: %w", r.file.path(), r.file.Path, err)
		}
		c := copy(p[n:], r.raw[at%frameBytes:])
		n, at = n+c, at+int64(c)
	}
	return n, nil
}

// load decompresses a frame if it is not the one at hand.
func (r *Reader) load(n int) error {
	if r.current == n {
		return nil
	}
	r.current = -1
	d, err := decoder()
	if err != nil {
		return err
	}
	if r.data == nil {
		r.data, r.raw = make([]byte, maxData), make([]byte, 0, frameBytes)
	}
	at, position := r.file.frames[n], int64(n)*frameBytes
	f, err := readFrame(r.in, at, r.file.Start+position, r.file.sum, r.data)
	if err != nil {
		return err
	}
	raw, err := d.DecodeAll(r.data[:f.data], r.raw[:0])
	if err != nil {
		return fmt.Errorf("decompress the frame at byte %d: %w", at, err)
	}
	if int64(len(raw)) != min(frameBytes, r.file.size-position) {
		return fmt.Errorf("the frame at byte %d has not the length that it should", at)
	}
	r.raw, r.current = raw, n
	return nil
}

// Close ends the reading.
func (r *Reader) Close() error { return r.in.Close() }
