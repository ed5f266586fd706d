// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"encoding/binary"
	"slices"
)

const (
	// The modes of a table (RFC 8878, 3.1.1.3.2.1).
	predefinedMode = 0
	singleMode     = 1
	describedMode  = 2

	// fewSequences are not worth a description.
	fewSequences = 64
	// sequenceBytes is more than a sequence takes: 26 bits of the states, 49 behind the codes.
	sequenceBytes = 12
)

// maxLogs is the largest accuracy of each table that a decoder accepts (3.1.1.3.2.1).
var maxLogs = [kinds]uint8{literalLength: 9, offset: 8, matchLength: 9}

// predefined are the tables that a decoder has of its own (3.1.1.3.2.2).
var predefined = [kinds]*fseTable{
	literalLength: newFSETable(6, 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2,
		1, 1, 1, 1, 1, -1, -1, -1, -1),
	offset: newFSETable(5, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1),
	matchLength: newFSETable(6, 1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1),
}

// table chooses how a kind of code is encoded, and appends what a decoder must know of it. first
// is the code of the first of count sequences.
func (c *codes) table(kind int, first uint8, count int, out []byte) (*fseTable, byte, []byte) {
	t := &c.tables[kind]
	switch {
	case c.counts[kind][first] == uint32(count):
		t.single(first)
		return t, singleMode, append(out, first)
	case count < fewSequences:
		return predefined[kind], predefinedMode, out
	default:
		t.distribute(&c.counts[kind], count, maxLogs[kind])
		return t, describedMode, t.describe(out)
	}
}

// appendStream appends the bits of the sequences, from the last one on, because a decoder reads
// them from the end (3.1.1.3.2.1.2). The three states take turns.
func appendStream(out []byte, sequences []sequence, llTable, ofTable, mlTable *fseTable) []byte {
	out = slices.Grow(out, (len(sequences)+2)*sequenceBytes)
	buffer := out[len(out):cap(out)]
	last := len(sequences) - 1
	s := &sequences[last]
	ll, of, ml := llTable.first(s.literalCode), ofTable.first(s.offsetCode), mlTable.first(s.matchCode)
	var w bitWriter
	w = w.add(s.extra, uint(s.width)).flush(buffer)
	for i := last - 1; i >= 0; i-- {
		s := &sequences[i]
		w, of = ofTable.next(w, of, s.offsetCode)
		w, ml = mlTable.next(w, ml, s.matchCode)
		w, ll = llTable.next(w, ll, s.literalCode)
		if w.count+uint(s.width) > maxBits {
			w = w.flush(buffer)
		}
		w = w.add(s.extra, uint(s.width)).flush(buffer)
	}
	w = mlTable.end(w, ml)
	w = ofTable.end(w, of)
	w = llTable.end(w, ll)
	return out[:len(out)+w.close(buffer)]
}

// maxBits is what a bitWriter holds at most.
const maxBits = 63

// bitWriter packs bits, from the lowest on. It is handed on by value, so that it stays in
// registers.
type bitWriter struct {
	bits  uint64 // not yet stored; above the first count of them all are zero
	count uint
	at    int // where the next byte of the buffer goes
}

// add appends a value, of which no bit above the first count is set. All must not be more than
// maxBits.
func (w bitWriter) add(value uint64, count uint) bitWriter {
	w.bits |= value << (w.count & 63)
	w.count += count
	return w
}

// flush stores whole bytes, and keeps 7 bits at most. It writes eight bytes to the buffer in
// any case.
func (w bitWriter) flush(buffer []byte) bitWriter {
	binary.LittleEndian.PutUint64(buffer[w.at:], w.bits)
	w.at += int(w.count >> 3)
	w.bits >>= w.count &^ 7 & 63
	w.count &= 7
	return w
}

// close stores the rest, with the bit that marks the end (RFC 8878, 4.1), and returns how
// many bytes there are.
func (w bitWriter) close(buffer []byte) int {
	w = w.flush(buffer).add(1, 1).flush(buffer)
	if w.count > 0 {
		w.at++
	}
	return w.at
}
