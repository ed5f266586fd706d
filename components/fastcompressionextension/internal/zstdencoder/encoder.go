// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"errors"
	"io"
	"math/bits"
)

const (
	// WindowBytes is how far back a match reaches, and so what a decoder needs of memory.
	// Logs repeat what stood shortly before; distances that are short are short on the wire,
	// too.
	WindowBytes = 128 << 10
	// blockBytes is what a block holds at most. RFC 8878 allows 128 KiB (3.1.1.2.4); with
	// this, a window and three blocks fill the history.
	blockBytes = (historyBytes - front - WindowBytes) / 3
	// maxIdleReads is how often a reader may return nothing, and no error.
	maxIdleReads = 100
)

var (
	errClosed = errors.New("zstdencoder: write to a closed frame")
	errUnset  = errors.New("zstdencoder: Reset was not called")
)

// Encoder writes frames, one after the other. It takes 0.9 MiB of memory, or 1.1 MiB when
// nothing can be compressed, and is used by one goroutine at a time.
type Encoder struct {
	out  io.Writer
	err  error // what every further call returns
	past history
	// The bytes from start to end are those of the next block, the window is before.
	start, end int
	matcher    matcher
	literals   literals
	codes      codes
	// packed is what goes out with the next block.
	packed []byte
}

// New returns an encoder that needs a Reset before its first use.
func New() *Encoder {
	e := &Encoder{err: errUnset}
	e.literals.init()
	return e
}

// Reset starts a frame that goes to w. What was not written of the frame before is dropped.
func (e *Encoder) Reset(w io.Writer) {
	e.out, e.err = w, nil
	// Nothing that was remembered is within the window of the new frame.
	e.matcher.advance(e.end + WindowBytes)
	e.start, e.end = front, front
	e.literals.forget()
	// The header of a frame (3.1.1.1): no size, no checksum, no dictionary; then the window,
	// which is a power of two.
	const magic, descriptor, exponent = "\x28\xb5\x2f\xfd", 0, 10
	window := byte(bits.Len(WindowBytes)-1-exponent) << 3
	e.packed = append(append(e.packed[:0], magic...), descriptor, window)
}

// ReadFrom compresses all that a reader has. The error is that of the reader or of the
// writer below.
func (e *Encoder) ReadFrom(r io.Reader) (n int64, err error) {
	for idle := 0; e.err == nil; {
		room := e.room()
		if len(room) == 0 {
			e.encode(false)
			continue
		}
		got, err := r.Read(room)
		e.end += got
		n += int64(got)
		if err == io.EOF { // An error that only wraps it is not the end.
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if idle++; got > 0 {
			idle = 0
		} else if idle == maxIdleReads {
			return n, io.ErrNoProgress
		}
	}
	return n, e.err
}

// Write compresses some bytes, of which nothing may be written yet when it returns.
func (e *Encoder) Write(p []byte) (n int, err error) {
	for e.err == nil && n < len(p) {
		room := e.room()
		if len(room) == 0 {
			e.encode(false)
			continue
		}
		got := copy(room, p[n:])
		e.end += got
		n += got
	}
	return n, e.err
}

// Close ends the frame, which is written then. It does not close the writer below. A second
// call does nothing.
func (e *Encoder) Close() error {
	if errors.Is(e.err, errClosed) {
		return nil
	}
	for last := false; e.err == nil && !last; {
		last = e.encode(true)
	}
	if e.err != nil {
		return e.err
	}
	e.err = errClosed
	return nil
}

// room is where the rest of the block goes. There is always place for a whole one.
func (e *Encoder) room() []byte { return e.past[e.end : e.start+blockBytes] }
