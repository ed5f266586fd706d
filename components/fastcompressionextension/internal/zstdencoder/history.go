// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"encoding/binary"
	"math/bits"
)

const (
	// historyBytes is a power of two, so that a mask keeps each position within the
	// array. It costs less than the checks that the compiler would make otherwise.
	historyBytes = 1 << 19
	// front is where the first byte of a frame stands: comparisons look at 8 bytes before
	// a position.
	front = 8
)

// history has the bytes that a match may repeat, and behind them those of the block that is
// being made. All positions are from front on and below historyBytes.
type history [historyBytes + 8]byte

// load64 returns the eight bytes from a position on, the first one lowest.
func (h *history) load64(at int) uint64 {
	at &= historyBytes - 1
	return binary.LittleEndian.Uint64(h[at : at+8])
}

func (h *history) load32(at int) uint32 {
	at &= historyBytes - 1
	return binary.LittleEndian.Uint32(h[at : at+4])
}

// equal counts the bytes before stop that are the same from a position on and so much
// before.
func (h *history) equal(from, distance, stop int) int {
	at := from
	for ; at <= stop-8; at += 8 {
		if x := h.load64(at) ^ h.load64(at-distance); x != 0 {
			return at + bits.TrailingZeros64(x)>>3 - from
		}
	}
	for at < stop && h[at] == h[at-distance] {
		at++
	}
	return at - from
}

// equalBefore counts the bytes, at most eight, that are the same before a position and so
// much before that. It may count bytes from before front.
func (h *history) equalBefore(at, distance int) int {
	return bits.LeadingZeros64(h.load64(at-8)^h.load64(at-distance-8)) >> 3
}
