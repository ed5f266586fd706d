// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	// maxPlain bounds a field: journald takes as much.
	maxPlain = 768 << 20
	// maxPacked bounds what is read of a packed field, and packedMore is how much more of
	// it than of the field itself is needed at most: none of the algorithms makes its
	// blocks, of 128 KiB or less, noticeably larger than they were.
	maxPacked  = 64 << 20
	packedMore = 256 << 10
	// maxDictionary bounds what a decoder has to remember; journald's need 1 MiB (xz)
	// and 2 MiB (zstd).
	maxDictionary = 8 << 20
)

var errPacked = errors.New("a packed field that cannot be unpacked")

// unpacker unpacks fields. Of a field that is larger than wanted only the beginning is
// unpacked, so that no field can take up the memory.
type unpacker struct {
	zstd   *zstd.Decoder
	source bytes.Reader
	buffer []byte
}

// unpack returns at most the first bytes of a field, good until the next call, and the
// size of the whole.
func (u *unpacker) unpack(how byte, raw []byte, most int) (head []byte, size int64, err error) {
	switch how {
	case dataZstd:
		return u.unpackZstd(raw, most)
	case dataLZ4:
		return u.unpackLZ4(raw, most)
	case dataXZ:
		return u.unpackXZ(raw, most)
	}
	return nil, 0, fmt.Errorf("%w: it is packed in several ways at once (flags %#x)", errPacked, how)
}

// room returns a buffer for the first bytes of so many.
func (u *unpacker) room(size uint64, most int) []byte {
	n := int(min(size, uint64(most)))
	if cap(u.buffer) < n || cap(u.buffer) > windowSize && n <= windowSize {
		u.buffer = make([]byte, max(n, windowSize))
	}
	return u.buffer[:n]
}

// unpackZstd takes a frame that says its size.
func (u *unpacker) unpackZstd(raw []byte, most int) ([]byte, int64, error) {
	var frame zstd.Header
	if err := frame.Decode(raw); err != nil {
		return nil, 0, fmt.Errorf("%w: zstd: %w", errPacked, err)
	}
	if !frame.HasFCS || frame.Skippable || frame.FrameContentSize > maxPlain {
		return nil, 0, fmt.Errorf("%w: zstd: its size is %d", errPacked, frame.FrameContentSize)
	}
	if u.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxDictionary), zstd.WithDecoderMaxMemory(maxPlain))
		if err != nil {
			return nil, 0, err
		}
		u.zstd = d
	}
	buffer := u.room(frame.FrameContentSize, most)
	if frame.FrameContentSize <= uint64(most) {
		head, err := u.zstd.DecodeAll(raw, buffer[:0])
		if err != nil || uint64(len(head)) != frame.FrameContentSize {
			return nil, 0, fmt.Errorf("%w: zstd: %w", errPacked, err)
		}
		return head, int64(len(head)), nil
	}
	u.source.Reset(raw)
	if err := u.zstd.Reset(&u.source); err != nil {
		return nil, 0, fmt.Errorf("%w: zstd: %w", errPacked, err)
	}
	if _, err := io.ReadFull(u.zstd, buffer); err != nil {
		return nil, 0, fmt.Errorf("%w: zstd: %w", errPacked, err)
	}
	return buffer, int64(frame.FrameContentSize), nil
}

// unpackLZ4 takes the size, 8 bytes, and a block.
func (u *unpacker) unpackLZ4(raw []byte, most int) ([]byte, int64, error) {
	if len(raw) < 8 {
		return nil, 0, fmt.Errorf("%w: lz4: it has no size", errPacked)
	}
	size := binary.LittleEndian.Uint64(raw)
	if size > maxPlain {
		return nil, 0, fmt.Errorf("%w: lz4: its size is %d", errPacked, size)
	}
	buffer := u.room(size, most)
	if !unpackLZ4Block(buffer, raw[8:]) {
		return nil, 0, fmt.Errorf("%w: lz4", errPacked)
	}
	return buffer, int64(size), nil
}

// unpackXZ takes a stream with one filter and an index.
func (u *unpacker) unpackXZ(raw []byte, most int) ([]byte, int64, error) {
	size, err := sizeOfXZ(raw)
	if err != nil || size > maxPlain {
		return nil, 0, fmt.Errorf("%w: xz: its size is %d: %w", errPacked, size, err)
	}
	u.source.Reset(raw)
	reader, err := xz.ReaderConfig{SingleStream: true}.NewReader(&u.source)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: xz: %w", errPacked, err)
	}
	buffer := u.room(size, most)
	if _, err := io.ReadFull(reader, buffer); err != nil {
		return nil, 0, fmt.Errorf("%w: xz: %w", errPacked, err)
	}
	return buffer, int64(size), nil
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}
