// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// content is what a file holds, decompressed.
type content interface {
	// ReadAt is that of io.ReaderAt. Of a compressed file it is fast when offsets do
	// not go backwards by more than what was read last.
	ReadAt(p []byte, off int64) (int, error)
}

// errDamaged marks the place where a compressed file cannot be read any further.
var errDamaged = errors.New("the archive is damaged from here on")

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// archive is a gzip file. It is decompressed once, from the beginning to the end; what
// was read last is kept, because a reader that finds no end of a line comes back.
type archive struct {
	handle Handle
	source *source
	reader *gzip.Reader
	// kept is what begins at offset start.
	kept  []byte
	start int64
	// end is why there is nothing behind kept.
	end error
	// length is what a file of packed bytes says of its length.
	packed, length int64
}

// unpacked is how long the content of a whole archive of so many bytes is, modulo 4 GiB:
// RFC 1952 has it in the last four bytes (ISIZE).
func (a *archive) unpacked(packed int64) int64 {
	if a.packed != packed {
		var size [4]byte
		if _, err := a.handle.ReadAt(size[:], packed-int64(len(size))); err != nil && !isEnd(err) {
			return 0 // The reading of it says so.
		}
		a.packed, a.length = packed, int64(binary.LittleEndian.Uint32(size[:]))
	}
	return a.length
}

func (a *archive) ReadAt(p []byte, off int64) (int, error) {
	if a.reader == nil || off < a.start {
		if err := a.rewind(); err != nil {
			return 0, err
		}
	}
	for a.start+int64(len(a.kept)) < off && a.end == nil { // Forget what is before.
		a.start += int64(len(a.kept))
		a.kept = a.kept[:0]
		a.fill(int(min(off-a.start, int64(max(len(p), headBytes)))))
	}
	skip := min(off-a.start, int64(len(a.kept)))
	a.kept = append(a.kept[:0], a.kept[skip:]...)
	a.start += skip
	if a.start < off {
		return 0, a.end
	}
	a.fill(len(p))
	n := copy(p, a.kept)
	if n < len(p) {
		return n, a.end
	}
	return n, nil
}

// fill reads until n bytes are kept, or there are no more.
func (a *archive) fill(n int) {
	have := len(a.kept)
	if have >= n || a.end != nil {
		return
	}
	if cap(a.kept) < n {
		a.kept = append(make([]byte, 0, n), a.kept...)
	}
	m, err := io.ReadFull(a.reader, a.kept[have:n])
	a.kept = a.kept[:have+m]
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && m > 0 && a.atEnd():
		a.end = io.EOF
	case a.source.err != nil: // The next attempt begins anew.
		a.reader, a.end = nil, a.source.err
	default:
		a.end = fmt.Errorf("%w: %w", errDamaged, err)
	}
}

// source tells an error of the disk, which may pass, from a damage.
type source struct {
	from io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !isEnd(err) {
		s.err = err
	}
	return n, err
}

// atEnd tells the end of the archive, in the middle of what was wanted, from an
// archive that is cut off: io.ReadFull has the same error for both.
func (a *archive) atEnd() bool {
	var more [1]byte
	n, err := a.reader.Read(more[:])
	return n == 0 && errors.Is(err, io.EOF)
}

func (a *archive) rewind() error {
	a.source = &source{from: io.NewSectionReader(a.handle, 0, 1<<62)}
	source := bufio.NewReaderSize(a.source, 16<<10)
	a.kept, a.start, a.end = a.kept[:0], 0, nil
	var err error
	if a.reader == nil {
		a.reader, err = gzip.NewReader(source)
	} else {
		err = a.reader.Reset(source)
	}
	if err != nil {
		a.reader = nil
		if a.source.err != nil {
			return a.source.err
		}
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// release gives the memory back. It is taken again when it is needed.
func (a *archive) release() { a.source, a.reader, a.kept, a.start, a.end = nil, nil, nil, 0, nil }
