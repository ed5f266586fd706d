// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/huff0"
)

const (
	// The types of literals (RFC 8878, 3.1.1.3.1.1).
	rawLiterals        = 0
	repeatedLiterals   = 1
	compressedLiterals = 2
	treelessLiterals   = 3

	// fewLiterals are not worth a table, so many bytes not four streams.
	fewLiterals  = 64
	fourLiterals = 1 << 10
	// wide is how many bytes are copied at once. What is too much is overwritten.
	wide = 16
)

// literals are the bytes of a block that stand in no match.
type literals struct {
	bytes   [blockBytes + wide]byte
	count   int
	huffman huff0.Scratch
	// rate is how many bytes 1024 literals took when the table was made that is in use.
	rate int
}

func (l *literals) init() { l.huffman.WantLogLess = 4 }

// forget makes the next table a new one.
func (l *literals) forget() { l.huffman.Reuse = huff0.ReusePolicyNone }

// gather collects the literals of a block.
func (l *literals) gather(past *history, start, stop int, matches []match) {
	at, count := start, 0
	for i := range matches {
		m := &matches[i]
		length := int(m.literals)
		// Nearly always short, and then two copies of fixed length are much faster than one
		// of any length.
		to := l.bytes[count : count+wide]
		binary.LittleEndian.PutUint64(to, past.load64(at))
		binary.LittleEndian.PutUint64(to[8:], past.load64(at+8))
		if length > wide {
			copy(l.bytes[count+wide:], past[at+wide:at+length])
		}
		count += length
		at += length + int(m.length)
	}
	l.count = count + copy(l.bytes[count:], past[at:stop])
}

// append appends the section of literals (3.1.1.3.1).
func (l *literals) append(out []byte) []byte {
	bytes := l.bytes[:l.count]
	packed, treeless, err := l.compress(bytes)
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(appendPlainHeader(out, repeatedLiterals, len(bytes)), bytes[0])
	case err != nil: // It is not worth it.
		return append(appendPlainHeader(out, rawLiterals, len(bytes)), bytes...)
	}
	kind := compressedLiterals
	if treeless {
		kind = treelessLiterals
	}
	return append(appendPackedHeader(out, kind, len(bytes), len(packed)), packed...)
}

// compress uses the table of the block before when that has all bytes that occur: to make
// another one takes longer than what it gains. It must not have become much worse, though.
func (l *literals) compress(bytes []byte) (packed []byte, treeless bool, err error) {
	switch {
	case len(bytes) < fewLiterals:
		return nil, false, huff0.ErrIncompressible
	case len(bytes) < fourLiterals:
		packed, treeless, err = huff0.Compress1X(bytes, &l.huffman)
	default:
		packed, treeless, err = huff0.Compress4X(bytes, &l.huffman)
	}
	if err != nil {
		l.forget()
		return nil, false, err
	}
	rate := len(packed) << 10 / len(bytes)
	if !treeless {
		l.rate = rate
	}
	l.huffman.Reuse = huff0.ReusePolicyPrefer
	if rate > l.rate+l.rate>>4 {
		l.huffman.Reuse = huff0.ReusePolicyAllow
	}
	return packed, treeless, nil
}

// appendPlainHeader appends the header of literals that are not compressed, in one of the
// forms of 3.1.1.3.1.1.
func appendPlainHeader(out []byte, kind, count int) []byte {
	switch {
	case count < 1<<5:
		return append(out, byte(kind|count<<3))
	case count < 1<<12:
		header := kind | 1<<2 | count<<4
		return append(out, byte(header), byte(header>>8))
	default:
		header := kind | 3<<2 | count<<4
		return append(out, byte(header), byte(header>>8), byte(header>>16))
	}
}

// appendPackedHeader appends the header of literals that are compressed: to one stream when
// they are few, otherwise to four.
func appendPackedHeader(out []byte, kind, count, packed int) []byte {
	header := uint64(kind) | uint64(count)<<4
	size := 0
	switch {
	case count < fourLiterals:
		header |= uint64(packed) << 14
		size = 3
	case count < 1<<14:
		header |= 2<<2 | uint64(packed)<<18
		size = 4
	default:
		header |= 3<<2 | uint64(packed)<<22
		size = 5
	}
	return append(out, binary.LittleEndian.AppendUint64(nil, header)[:size]...)
}
