// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
)

// The parts of "The .xz File Format" (https://tukaani.org/xz/xz-file-format.txt) that
// tell beforehand how much memory unpacking takes.
const (
	xzStreamHeader = 12
	xzStreamFooter = 12
	xzFilterLZMA2  = 0x21
)

var (
	errXZ           = errors.New("it is no stream of one block")
	errXZDictionary = errors.New("it needs a dictionary above 8 MiB")
)

// sizeOfXZ returns the size that the index of a stream of one block tells, unless its
// only filter needs too large a dictionary.
func sizeOfXZ(raw []byte) (uint64, error) {
	if len(raw) < xzStreamHeader+8+xzStreamFooter {
		return 0, errXZ
	}
	// A block's header: its size in units of 4 bytes without the first, flags with the
	// number of filters less one and whether sizes follow, and the filters.
	block := raw[xzStreamHeader:]
	flags, rest := block[1], block[2:]
	if flags&0x3f != 0 {
		return 0, errXZ
	}
	ok := true
	for _, sized := range []byte{0x40, 0x80} {
		if flags&sized != 0 {
			_, rest, ok = xzNumber(rest)
		}
	}
	if !ok || len(rest) < 3 || rest[0] != xzFilterLZMA2 || rest[1] != 1 {
		return 0, errXZ
	}
	// 2 or 3 times a power of two: 22 is 8 MiB.
	if rest[2] > 22 {
		return 0, errXZDictionary
	}
	footer := raw[len(raw)-xzStreamFooter:]
	if string(footer[10:]) != "YZ" {
		return 0, errXZ
	}
	back := (uint64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	if back > uint64(len(raw)-xzStreamFooter) {
		return 0, errXZ
	}
	// The index: a zero, the number of blocks, and of each the packed size and the size.
	index := raw[uint64(len(raw)-xzStreamFooter)-back:]
	if index[0] != 0 || index[1] != 1 {
		return 0, errXZ
	}
	_, index, ok = xzNumber(index[2:])
	if !ok {
		return 0, errXZ
	}
	size, _, ok := xzNumber(index)
	if !ok {
		return 0, errXZ
	}
	return size, nil
}

// xzNumber is of 7 bits a byte, the lowest first; the highest bit says that more follow.
func xzNumber(raw []byte) (n uint64, rest []byte, ok bool) {
	for i := 0; i < len(raw) && i < 9; i++ {
		n |= uint64(raw[i]&0x7f) << (7 * i)
		if raw[i]&0x80 == 0 {
			return n, raw[i+1:], true
		}
	}
	return 0, nil, false
}
