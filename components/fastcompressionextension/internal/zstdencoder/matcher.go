// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import "math/bits"

const (
	// tableBits: 32 KiB are in the nearest cache of a core. With twice as many, logs take
	// hardly fewer bytes, and more time.
	tableBits = 13
	// probe is how many bytes the search goes on when it found nothing. All four are remembered,
	// but only the first one is looked up: what costs is a lookup, because nobody can guess its
	// result. A match that is longer by three bytes than what is hashed is found all the
	// same, and extended backwards.
	probe = 4
	// patience makes the search one byte faster for each 1<<patience bytes in which it
	// found nothing.
	patience = 5
	// leastMatch is the shortest match that is worth a sequence, in bytes.
	leastMatch = 4
	// tail is what is left of a block without a search, so that nothing is compared behind
	// its end.
	tail = 16
	// maxMatches is how many matches a block has at most. It ends before them otherwise. Logs have
	// one in about 25 bytes.
	maxMatches = 6000
	// rebase is when positions are counted anew, before they become too large.
	rebase = 1 << 31
)

// match is bytes that stood before, and the literals in front of it.
type match struct {
	literals uint32 // how many
	length   uint32
	distance uint32
}

// matcher finds what stood before: greedily, each byte once, with one table of
// positions.
type matcher struct {
	// table has the last position of each hash, with base added to it.
	table [1 << tableBits]uint32
	base  uint32
	// last is the distance of the last match. Lines that are equal but for a few bytes go on
	// with the same one behind these.
	last int
	// The matches of the block.
	matches [maxMatches]match
	found   int
}

// advance says that what stood at a position stands so many bytes before it from now
// on.
func (m *matcher) advance(by int) {
	m.base += uint32(by)
	if m.base >= rebase {
		// What is forgotten is far away: a position of zero is not within the window.
		clear(m.table[:])
		m.base = WindowBytes
	}
}

// find finds the matches of a block from start on, which ends at stop or, when it has too many
// of them, where it says.
func (m *matcher) find(past *history, start, stop int) int {
	table, base := &m.table, m.base
	at, from, last, found := start, start, m.last, 0
	if start == front { // Of a frame; there is nothing before.
		at, last = start+1, 1
	}
	end := stop - tail
	for ; found < maxMatches; found++ {
		for {
			if at >= end {
				m.found, m.last = found, last
				return stop
			}
			next := past.load64(at)
			position := base + uint32(at)
			slot := hash(next)
			distance := position - table[slot]
			table[slot] = position
			table[hash(past.load64(at+1))] = position + 1
			table[hash(past.load64(at+2))] = position + 2
			table[hash(past.load64(at+3))] = position + 3
			// The last distance is good for a match that begins with one of five bytes. It is
			// preferred when that is the first one, and takes what the table has not.
			again := fourEqual(next ^ past.load64(at-last))
			if again&0xff != 0 {
				break
			}
			if distance-1 < WindowBytes && past.load32(at-int(distance)) == uint32(next) {
				last = int(distance)
				break
			}
			if again != 0 {
				at += bits.TrailingZeros64(again) >> 3
				break
			}
			at += probe + (at-from)>>patience
		}
		length := leastMatch
		if x := past.load64(at+leastMatch) ^ past.load64(at+leastMatch-last); x != 0 {
			length += bits.TrailingZeros64(x) >> 3
		} else {
			length += 8 + past.equal(at+leastMatch+8, last, stop)
		}
		// Backwards it goes to the end of the match before, or to the beginning of the frame.
		back := min(past.equalBefore(at, last), at-from, at-last-front)
		it := &m.matches[found]
		it.literals, it.length, it.distance = uint32(at-back-from), uint32(back+length), uint32(last)
		at += length
		from = at
	}
	m.found, m.last = maxMatches, last
	return from
}

// hash is one of the six lowest bytes.
func hash(v uint64) uint64 {
	const multiplier = 0x9e3779b97f4a7c15 // 1<<64 divided by the golden ratio
	return v << 16 * multiplier >> (64 - tableBits)
}

// fourEqual takes the difference of eight bytes and eight others. It has the highest bit set of
// each byte from which on four are equal.
func fourEqual(difference uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	equal := ^(difference&low + low | difference | low)
	equal &= equal >> 8
	return equal & (equal >> 16)
}
