// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// around are numbers at which a size takes another form.
func around() (sizes []int) {
	for _, boundary := range []int{1 << 5, fewLiterals, fourLiterals, 1 << 12, 1 << 14, blockBytes} {
		for size := boundary - 2; size <= min(boundary+2, blockBytes); size++ {
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// bitsOf is a number of so many bits in a header.
func bitsOf(header []byte, from, count int) int {
	var all uint64
	for i, b := range header {
		all |= uint64(b) << (8 * i)
	}
	return int(all >> from & (1<<count - 1))
}

// As RFC 8878 has it in 3.1.1.3.1.1.
func TestAHeaderHasTheSizeOfThePlainLiterals(t *testing.T) {
	for _, size := range append(around(), 0, 1) {
		header := appendPlainHeader(nil, repeatedLiterals, size)
		assert.Equal(t, repeatedLiterals, bitsOf(header, 0, 2))
		switch bitsOf(header, 2, 2) {
		case 0, 2:
			require.Len(t, header, 1, "%d", size)
			assert.Equal(t, size, bitsOf(header, 3, 5))
		case 1:
			require.Len(t, header, 2, "%d", size)
			assert.Equal(t, size, bitsOf(header, 4, 12))
		case 3:
			require.Len(t, header, 3, "%d", size)
			assert.Equal(t, size, bitsOf(header, 4, 20))
		}
	}
}

func TestAHeaderHasBothSizesOfPackedLiterals(t *testing.T) {
	for _, size := range around() {
		for _, packed := range []int{6, size / 2, size - 1} {
			header := appendPackedHeader(nil, treelessLiterals, size, packed)
			assert.Equal(t, treelessLiterals, bitsOf(header, 0, 2))
			format := bitsOf(header, 2, 2)
			require.Len(t, header, max(3, 2+format), "%d", size)
			width := []int{10, 10, 14, 18}[format]
			assert.Equal(t, size, bitsOf(header, 4, width))
			assert.Equal(t, packed, bitsOf(header, 4+width, width))
			assert.Equal(t, size < fourLiterals, format == 0, "a single stream")
		}
	}
}
