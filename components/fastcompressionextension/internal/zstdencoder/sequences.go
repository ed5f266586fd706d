// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import "math/bits"

const (
	// What a sequence has (RFC 8878, 3.1.1.3.2), in the order in which it is described.
	literalLength = iota
	offset
	matchLength
	kinds
)

const (
	// minMatch is subtracted from the length of each match.
	minMatch = 3
	// offsetBias is added to a distance; values up to it mean distances that were just used.
	offsetBias = 3
	// lastOffset is the value of the distance of the sequence before, when there are
	// literals (3.1.1.5). The others are not used.
	lastOffset = 1
)

var (
	// How many bits stand behind each code of a length (3.1.1.3.2.1.1).
	literalWidths = [maxSymbols]uint8{16: 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	matchWidths   = [maxSymbols]uint8{32: 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	// The codes of lengths below 64 and 128. From there on, there is one for each power of two.
	literalCodes = shortCodes(literalWidths)
	matchCodes   = shortCodes(matchWidths)
	// lowest has so many bits.
	lowest = func() (masks [32]uint64) {
		for i := range masks {
			masks[i] = 1<<i - 1
		}
		return masks
	}()
)

func shortCodes(widths [maxSymbols]uint8) (codes [128]uint8) {
	length := 0
	for code, width := range widths {
		for end := length + 1<<width; length < min(end, len(codes)); length++ {
			codes[length] = uint8(code)
		}
	}
	return codes
}

func literalCode(length uint32) uint8 {
	if length < 64 {
		return literalCodes[length]
	}
	return uint8(bits.Len32(length)) + 18
}

func matchCode(length uint32) uint8 {
	if length < 128 {
		return matchCodes[length]
	}
	return uint8(bits.Len32(length)) + 35
}

// sequence is a match and its literals as codes, and as the bits that stand behind these:
// those of the length of the literals, of the match and of the offset.
type sequence struct {
	extra                              uint64
	width                              uint8
	literalCode, offsetCode, matchCode uint8
}

// codes makes the section of sequences of a block.
type codes struct {
	sequences [maxMatches]sequence
	counts    [kinds][maxSymbols]uint32 // how often each code is used
	tables    [kinds]fseTable
}

// encode makes a sequence of each match, and counts the codes. The distance of the block before
// is not used again: a decoder does not know it when that one was sent as it was.
func (c *codes) encode(matches []match) []sequence {
	clear(c.counts[:])
	last := uint32(0)
	sequences := c.sequences[:len(matches)]
	for i := range sequences {
		m := &matches[i]
		value := m.distance + offsetBias
		if m.distance == last && m.literals > 0 {
			value = lastOffset
		}
		last = m.distance
		length := m.length - minMatch
		// A code never has a bit of the mask more than this; the compiler does not know.
		const mask = maxSymbols - 1
		ll, of, ml := literalCode(m.literals)&mask, uint8(bits.Len32(value)-1)&31, matchCode(length)&mask
		llWidth, mlWidth := literalWidths[ll]&31, matchWidths[ml]&31
		extra := uint64(value) & lowest[of]
		extra = extra<<mlWidth | uint64(length)&lowest[mlWidth]
		extra = extra<<llWidth | uint64(m.literals)&lowest[llWidth]
		s := &sequences[i]
		s.extra, s.width, s.literalCode, s.offsetCode, s.matchCode = extra, llWidth+mlWidth+of, ll, of, ml
		c.counts[literalLength][ll]++
		c.counts[offset][of]++
		c.counts[matchLength][ml]++
	}
	return sequences
}

// append appends the section of sequences (3.1.1.3.2).
func (c *codes) append(out []byte, matches []match) []byte {
	switch n := len(matches); {
	case n == 0:
		return append(out, 0)
	case n < 1<<7:
		out = append(out, byte(n))
	default: // As there are at most maxMatches, the longest form is not needed.
		out = append(out, 1<<7|byte(n>>8), byte(n))
	}
	sequences := c.encode(matches)
	modesAt := len(out)
	out = append(out, 0)
	var tables [kinds]*fseTable
	first := [kinds]uint8{sequences[0].literalCode, sequences[0].offsetCode, sequences[0].matchCode}
	for kind := range tables {
		var mode byte
		tables[kind], mode, out = c.table(kind, first[kind], len(sequences), out)
		out[modesAt] |= mode << (6 - 2*kind)
	}
	return appendStream(out, sequences, tables[literalLength], tables[offset], tables[matchLength])
}
