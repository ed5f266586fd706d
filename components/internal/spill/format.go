// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	magic       = "tribspil"
	version     = 1
	maxField    = 4096
	frameBytes  = 256 << 10
	frameMagic  = "fram"
	frameHeader = 4 + 8 + 4 + 4 + 4
	// maxData bounds the zstd data of a frame: what cannot be compressed grows a little.
	maxData   = frameBytes + 1024
	maxFrames = 1 << 16
	// maxStart leaves room for the largest copy.
	maxStart = 1 << 62
	suffix   = ".spill"
	unready  = ".tmp"
	damaged  = ".damaged"
	// maxDamaged is how many damaged copies are kept for people to look at.
	maxDamaged = 4
)

// errHeader says that nothing of a file can be used, now or later.
var errHeader = errors.New("the header is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(frameBytes),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
})

var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(frameBytes), zstd.WithDecoderMaxWindow(frameBytes), zstd.WithDecodeAllCapLimit(true))
})

func (h Header) validate() error {
	if len(h.Path) > maxField || len(h.Identity) > maxField || h.Start < 0 || h.Start > maxStart {
		return fmt.Errorf("a copy has a path and an identity of at most %d bytes each, and a start of 0 to 2⁶²; got %d, %d and %d",
			maxField, len(h.Path), len(h.Identity), h.Start)
	}
	return nil
}

// encode is the header of a file, with its checksum at the end.
func (h Header) encode() []byte {
	b := []byte(magic)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Start))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h.Path)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h.Identity)))
	b = append(b, h.Path...)
	b = append(b, h.Identity...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readHeader also returns the length of the header and its checksum. The header of
// another version is not damaged: a later version may have written it.
func readHeader(in io.ReaderAt) (h Header, length int64, sum uint32, err error) {
	const fixed = 8 + 4 + 8 + 4 + 4
	b := make([]byte, fixed, fixed+2*maxField+4)
	if _, err := in.ReadAt(b, 0); err != nil {
		return h, 0, 0, headerError(err)
	}
	if string(b[:8]) != magic {
		return h, 0, 0, fmt.Errorf("%w: it does not begin with %q", errHeader, magic)
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != version {
		return h, 0, 0, fmt.Errorf("version %d is unknown", v)
	}
	path, identity := binary.BigEndian.Uint32(b[20:]), binary.BigEndian.Uint32(b[24:])
	if path > maxField || identity > maxField {
		return h, 0, 0, errHeader
	}
	b = b[:fixed+path+identity+4]
	if _, err := in.ReadAt(b[fixed:], fixed); err != nil {
		return h, 0, 0, headerError(err)
	}
	body := b[:len(b)-4]
	sum = binary.BigEndian.Uint32(b[len(body):])
	h.Start = int64(binary.BigEndian.Uint64(b[12:]))
	if sum != crc32.Checksum(body, castagnoli) || h.Start < 0 {
		return h, 0, 0, errHeader
	}
	h.Path, h.Identity = string(b[fixed:fixed+path]), append([]byte(nil), body[fixed+path:]...)
	return h, int64(len(b)), sum, nil
}

// headerError tells a file that is too short from a disk that could not be read.
func headerError(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it is too short", errHeader)
	}
	return fmt.Errorf("read the header: %w", err)
}

// frame is what stands before the data of a frame.
type frame struct {
	position  int64 // of its first byte in the log file
	raw, data int
	sum       uint32
}

// appendFrame writes a frame. The one at the end has nothing in it.
func appendFrame(b []byte, file uint32, position int64, raw int, data []byte) []byte {
	from := len(b)
	b = append(b, frameMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(position))
	b = binary.BigEndian.AppendUint32(b, uint32(raw))
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	b = binary.BigEndian.AppendUint32(b, checksum(file, b[from:], data))
	return append(b, data...)
}

// checksum is over that of the file's header too, so that no frame fits another file.
func checksum(file uint32, header, data []byte) uint32 {
	sum := crc32.Checksum(binary.BigEndian.AppendUint32(make([]byte, 0, 4), file), castagnoli)
	sum = crc32.Update(sum, castagnoli, header)
	return crc32.Update(sum, castagnoli, data)
}

// readFrame reads and checks a frame. Its data is in buf, which has maxData bytes.
func readFrame(in io.ReaderAt, at, position int64, file uint32, buf []byte) (f frame, err error) {
	var b [frameHeader]byte
	if _, err := in.ReadAt(b[:], at); err != nil {
		return f, fmt.Errorf("read the frame at byte %d: %w", at, noEOF(err))
	}
	raw, data := binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint32(b[16:])
	f = frame{int64(binary.BigEndian.Uint64(b[4:])), int(raw), int(data), binary.BigEndian.Uint32(b[20:])}
	if string(b[:4]) != frameMagic || f.position != position || raw > frameBytes || data > maxData ||
		(raw == 0) != (data == 0) || position > math.MaxInt64-frameBytes {
		return f, fmt.Errorf("the frame at byte %d is damaged", at)
	}
	if _, err := in.ReadAt(buf[:data], at+frameHeader); err != nil && data > 0 {
		return f, fmt.Errorf("read the frame at byte %d: %w", at, noEOF(err))
	}
	if checksum(file, b[:20], buf[:data]) != f.sum {
		return f, fmt.Errorf("the frame at byte %d is damaged", at)
	}
	return f, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
