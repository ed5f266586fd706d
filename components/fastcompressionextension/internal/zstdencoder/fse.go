// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import "math/bits"

const (
	maxStates  = 1 << 9
	minLog     = 5  // the smallest accuracy that a description can say (RFC 8878, 4.1.1)
	maxSymbols = 64 // more than there are codes of any kind, and a power of two
)

// fseTable encodes symbols by finite states (4.1). It does backwards what a decoder
// does.
type fseTable struct {
	log     uint8                // the accuracy: there are 1<<log states
	shares  [maxSymbols]int16    // how many states a symbol has; -1 is one, at the end
	symbols [maxSymbols]fseEntry // how a symbol leads from one state to the next
	states  [maxStates]uint16    // those of the first symbol, then of the second, and so on
}

type fseEntry struct {
	// width is made so that (state+width)>>16 is the number of bits that a state gives
	// off.
	width uint32
	// from is added to the rest of the state, and says where the next one stands.
	from int32
}

func newFSETable(log uint8, shares ...int16) *fseTable {
	t := &fseTable{log: log}
	copy(t.shares[:], shares)
	t.build()
	return t
}

// first is a state to begin with.
func (t *fseTable) first(symbol uint8) uint32 {
	e := t.symbols[symbol&(maxSymbols-1)]
	width := (e.width + 1<<15) >> 16
	return uint32(t.states[int32((width<<16-e.width)>>width)+e.from])
}

// next encodes a symbol.
func (t *fseTable) next(w bitWriter, state uint32, symbol uint8) (bitWriter, uint32) {
	e := t.symbols[symbol&(maxSymbols-1)]
	width := (state + e.width) >> 16 & 31
	w = w.add(uint64(state)&lowest[width], uint(width))
	return w, uint32(t.states[uint32(int32(state>>width)+e.from)%maxStates])
}

// end appends the state from which a decoder begins.
func (t *fseTable) end(w bitWriter, state uint32) bitWriter {
	return w.add(uint64(state)&lowest[t.log&31], uint(t.log))
}

// single makes a table for one symbol, which takes no bits.
func (t *fseTable) single(symbol uint8) {
	t.log = 0
	t.symbols[symbol] = fseEntry{}
	t.states[0] = 0
}

// build makes the table of shares that are 1<<log states together.
func (t *fseTable) build() {
	size := 1 << t.log
	owners := t.spread()
	// Where the next state of each symbol goes.
	var next [maxSymbols]int
	total := 0
	for symbol, share := range t.shares {
		next[symbol] = total
		count := int(max(share, -share))
		if count == 0 {
			continue
		}
		// A symbol with count states takes this many bits, or one fewer.
		widest := uint32(int(t.log) - bits.Len(uint(count-1)) + 1)
		if count == 1 {
			widest = uint32(t.log)
		}
		t.symbols[symbol] = fseEntry{width: widest<<16 - uint32(count)<<widest, from: int32(total - count)}
		total += count
	}
	for state, symbol := range owners[:size] {
		t.states[next[symbol]] = uint16(size + state)
		next[symbol]++
	}
}

// spread says which symbol each state belongs to, as a decoder finds out (4.1.1).
func (t *fseTable) spread() (owners [maxStates]uint8) {
	size := 1 << t.log
	high := size - 1
	for symbol, share := range t.shares {
		if share == -1 {
			owners[high] = uint8(symbol)
			high--
		}
	}
	at, step := 0, size>>1+size>>3+3
	for symbol, share := range t.shares {
		for range max(share, 0) {
			owners[at] = uint8(symbol)
			at = (at + step) & (size - 1)
			for at > high {
				at = (at + step) & (size - 1)
			}
		}
	}
	return owners
}

// distribute makes the table that suits how often each symbol occurs, of total. There must be two
// at least.
func (t *fseTable) distribute(counts *[maxSymbols]uint32, total int, maxLog uint8) {
	used, top := 0, 0
	for symbol, count := range counts {
		if count > 0 {
			used++
		}
		if count > counts[top] {
			top = symbol
		}
	}
	// More states than a quarter of the symbols do not pay for their description. Each symbol
	// that is used needs one.
	t.log = min(maxLog, uint8(max(bits.Len(uint(total-1))-2, bits.Len(uint(used))+1, minLog)))
	size := 1 << t.log
	left := size
	for symbol, count := range counts {
		share := 0
		if count > 0 {
			share = max(1, (2*int(count)*size/total+1)/2)
		}
		t.shares[symbol] = int16(share)
		left -= share
	}
	// Rounding leaves some, or takes too many. The most frequent symbol feels it least.
	if int(t.shares[top])+left > int(t.shares[top])/2 {
		t.shares[top] += int16(left)
		left = 0
	}
	for ; left < 0; left++ {
		most := 0
		for symbol, share := range t.shares {
			if share > t.shares[most] {
				most = symbol
			}
		}
		t.shares[most]--
	}
	t.build()
}

// describe appends the shares as a decoder reads them (RFC 8878, 4.1.1).
func (t *fseTable) describe(out []byte) []byte {
	var pending, count uint
	put := func(value, width int) {
		pending |= uint(value) << count
		for count += uint(width); count >= 8; count -= 8 {
			out = append(out, byte(pending))
			pending >>= 8
		}
	}
	put(int(t.log)-minLog, 4)
	// left is one more than the states that are not given yet. A value is at most left; it takes
	// one bit fewer when it is one of the `short` smallest ones.
	left, limit, width := 1<<t.log+1, 1<<t.log, int(t.log)+1
	for symbol := 0; left > 1; symbol++ {
		share := int(t.shares[symbol])
		short := 2*limit - 1 - left
		value := share + 1
		left -= max(share, -share)
		if value >= limit {
			value += short
		}
		if value < short {
			put(value, width-1)
		} else {
			put(value, width)
		}
		for left < limit {
			width--
			limit >>= 1
		}
		if share == 0 {
			symbol += t.describeZeros(symbol+1, put)
		}
	}
	if count > 0 {
		out = append(out, byte(pending))
	}
	return out
}

// describeZeros says how many more symbols without a share follow, three at a time, and
// returns their number.
func (t *fseTable) describeZeros(from int, put func(value, width int)) int {
	zeros := 0
	for t.shares[from+zeros] == 0 {
		zeros++
	}
	rest := zeros
	for ; rest >= 3; rest -= 3 {
		put(3, 2)
	}
	put(rest, 2)
	return zeros
}
