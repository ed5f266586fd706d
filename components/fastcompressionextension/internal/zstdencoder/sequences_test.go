// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Baselines from the tables of RFC 8878, 3.1.1.3.2.1.1.
func TestLengthsHaveTheCodesOfTheFormat(t *testing.T) {
	for _, tt := range []struct {
		length uint32
		code   uint8
		width  uint8
	}{
		{0, 0, 0}, {15, 15, 0}, {16, 16, 1}, {17, 16, 1}, {18, 17, 1}, {22, 19, 1}, {24, 20, 2}, {28, 21, 2}, {32, 22, 3}, {40, 23, 3},
		{48, 24, 4}, {63, 24, 4}, {64, 25, 6}, {127, 25, 6}, {128, 26, 7}, {256, 27, 8}, {1024, 29, 10}, {65535, 34, 15}, {65536, 35, 16},
	} {
		assert.Equal(t, tt.code, literalCode(tt.length), "literals %d", tt.length)
		assert.Equal(t, tt.width, literalWidths[tt.code], "literals %d", tt.length)
	}
	for _, tt := range []struct {
		length uint32
		code   uint8
		width  uint8
	}{
		{3, 0, 0}, {34, 31, 0}, {35, 32, 1}, {37, 33, 1}, {41, 35, 1}, {43, 36, 2}, {47, 37, 2}, {51, 38, 3}, {59, 39, 3}, {67, 40, 4}, {83, 41, 4},
		{99, 42, 5}, {130, 42, 5}, {131, 43, 7}, {259, 44, 8}, {515, 45, 9}, {32771, 51, 15}, {65539, 52, 16}, {131074, 52, 16},
	} {
		assert.Equal(t, tt.code, matchCode(tt.length-minMatch), "match %d", tt.length)
		assert.Equal(t, tt.width, matchWidths[tt.code], "match %d", tt.length)
	}
}

func TestOnlyTheLastDistanceIsRepeated(t *testing.T) {
	c := new(codes)
	sequences := c.encode([]match{
		{literals: 1, length: 4, distance: 1}, // Of the first one there is no last distance.
		{literals: 1, length: 4, distance: 1},
		{literals: 0, length: 4, distance: 1}, // Without literals, 1 means something else.
		{literals: 2, length: 4, distance: 9},
		{literals: 2, length: 4, distance: 9},
	})
	var values []uint64
	for _, s := range sequences {
		values = append(values, 1<<s.offsetCode|s.extra)
	}
	assert.Equal(t, []uint64{4, 1, 4, 12, 1}, values)
}

// What the states and the codes of a sequence take at most is written without loss, whatever is left from before.
func TestBitsAreNotLost(t *testing.T) {
	for before := range uint(8) {
		for states := range uint(27) {
			for extra := range uint(50) {
				buffer := make([]byte, 64)
				w := bitWriter{}.add(lowest[before], before).flush(buffer)
				w = w.add(lowest[states], states)
				if w.count+extra > maxBits {
					w = w.flush(buffer)
				}
				w = w.add(1<<extra-1, extra).flush(buffer)
				n := w.close(buffer)
				set := 0
				for _, b := range buffer[:n] {
					set += bits.OnesCount8(b)
				}
				total := int(before + states + extra)
				require.Equal(t, total+1, set, "%d %d %d", before, states, extra)
				require.Equal(t, total/8+1, n, "%d %d %d", before, states, extra)
			}
		}
	}
}

func TestATableGivesEachSymbolItsShare(t *testing.T) {
	for seed := range uint64(300) {
		r := newRandom(seed)
		var counts [maxSymbols]uint32
		total, symbols := 0, 2+r.IntN(52)
		for symbol := range symbols {
			if r.IntN(3) == 0 || symbol < 2 {
				counts[symbol] = 1 + uint32(r.IntN(1<<r.IntN(12)))
				total += int(counts[symbol])
			}
		}
		var table fseTable
		table.distribute(&counts, max(total, fewSequences), 8+uint8(seed&1))
		sum := 0
		for symbol, share := range table.shares {
			assert.Equal(t, counts[symbol] > 0, share > 0, "%d", symbol)
			sum += int(share)
		}
		require.Equal(t, 1<<table.log, sum)
	}
}

func TestADescriptionNeedsOneBitLessForSmallShares(t *testing.T) {
	table := newFSETable(8, 99, 157)
	// The lowest four bits are the accuracy less 5. Then comes 99+1, of 0 to 257: what is below 2*256-1-257 takes eight
	// bits and not nine. Of 0 to 158, what is below 2*128-1-158 = 97 takes seven bits; 157+1 is not, and has 97 added.
	value := uint32(3) | 100<<4 | (158+97)<<12
	assert.Equal(t, []byte{byte(value), byte(value >> 8), byte(value >> 16)}, table.describe(nil))
}

func TestPredefinedTablesAreWhole(t *testing.T) {
	for kind, table := range predefined {
		sum := 0
		for _, share := range table.shares {
			sum += int(max(share, -share))
		}
		assert.Equal(t, 1<<table.log, sum, "%d", kind)
		assert.NotEqual(t, -1, bytes.IndexByte([]byte{5, 6}, table.log))
	}
}
