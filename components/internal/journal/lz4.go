// SPDX-License-Identifier: Apache-2.0

package journal

import "encoding/binary"

// unpackLZ4Block fills dst with the beginning of what a block of LZ4 holds, and reports
// whether it holds that much. Decoders of whole blocks do not stop early, and the size
// of a field may be a lie. The format is LZ4's "Block Format Description"
// (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
func unpackLZ4Block(dst, src []byte) bool {
	to := 0
	for to < len(dst) {
		if len(src) == 0 {
			return false
		}
		token := src[0]
		literals, rest, ok := lz4Length(int(token>>4), src[1:])
		if !ok || literals > len(rest) {
			return false
		}
		to += copy(dst[to:], rest[:literals])
		src = rest[literals:]
		if to == len(dst) {
			return true
		}
		if len(src) < 2 {
			return false
		}
		back := int(binary.LittleEndian.Uint16(src))
		length, rest, ok := lz4Length(int(token&15), src[2:])
		if !ok || back == 0 || back > to {
			return false
		}
		src = rest
		for length = min(length+4, len(dst)-to); length > 0; {
			// What is copied may reach into what it writes: then it repeats.
			n := copy(dst[to:to+length], dst[to-back:to])
			to += n
			length -= n
		}
	}
	return true
}

// lz4Length is 15 if more of it follows, each byte of 255 by another one.
func lz4Length(n int, src []byte) (length int, rest []byte, ok bool) {
	if n < 15 {
		return n, src, true
	}
	for i, b := range src {
		n += int(b)
		if b != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}
