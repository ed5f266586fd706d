// SPDX-License-Identifier: Apache-2.0

package zstdencoder

const (
	// The types of blocks (RFC 8878, 3.1.1.2.2). One of a single byte that is repeated is not
	// made: old decoders refuse it as the first one, and a compressed block is as short.
	rawBlock        = 0
	compressedBlock = 2

	blockHeaderBytes = 3
)

// encode writes a block. It may leave some bytes for the next one; when it does not, and no more
// come, the block is the last one, and it says so.
func (e *Encoder) encode(noMore bool) (last bool) {
	stop := e.matcher.find(&e.past, e.start, e.end)
	last = noMore && stop == e.end
	e.appendBlock(stop, last)
	e.start = stop
	if e.start+blockBytes > historyBytes {
		e.slide()
	}
	_, e.err = e.out.Write(e.packed)
	e.packed = e.packed[:0]
	return last
}

// appendBlock appends the block that ends at stop, of which the matcher has just found the
// matches. It is compressed when that makes it shorter.
func (e *Encoder) appendBlock(stop int, last bool) {
	block := e.past[e.start:stop]
	matches := e.matcher.matches[:e.matcher.found]
	at := len(e.packed)
	e.packed = append(e.packed, make([]byte, blockHeaderBytes)...)
	e.literals.gather(&e.past, e.start, stop, matches)
	e.packed = e.literals.append(e.packed)
	e.packed = e.codes.append(e.packed, matches)
	kind, size := compressedBlock, len(e.packed)-at-blockHeaderBytes
	if size >= len(block) {
		e.packed = append(e.packed[:at+blockHeaderBytes], block...)
		kind, size = rawBlock, len(block)
		// The decoder gets no table of the literals that were made in vain.
		e.literals.forget()
	}
	header := size<<3 | kind<<1
	if last {
		header |= 1
	}
	e.packed[at], e.packed[at+1], e.packed[at+2] = byte(header), byte(header>>8), byte(header>>16)
}

// slide moves the window, and what is behind, to the front.
func (e *Encoder) slide() {
	by := e.start - WindowBytes - front
	copy(e.past[front:], e.past[e.start-WindowBytes:e.end])
	e.start -= by
	e.end -= by
	e.matcher.advance(by)
}
