// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lz4Block(t testing.TB, plain []byte) []byte {
	block := make([]byte, lz4.CompressBlockBound(len(plain)))
	n, err := lz4.CompressBlock(plain, block, nil)
	require.NoError(t, err)
	if n == 0 {
		return nil // It does not get smaller.
	}
	return block[:n]
}

// Of any block, any beginning is what was packed.
func TestTheBeginningOfALZ4BlockIsUnpacked(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		var plain []byte
		for len(plain) < 40+random.IntN(5000) {
			word := make([]byte, 1+random.IntN(20))
			for i := range word {
				word[i] = byte(random.IntN(4))
			}
			plain = append(plain, bytes.Repeat(word, 1+random.IntN(30))...)
		}
		block := lz4Block(t, plain)
		if block == nil {
			continue
		}
		for _, n := range []int{0, 1, random.IntN(len(plain)), len(plain) - 1, len(plain)} {
			got := make([]byte, n)
			require.True(t, unpackLZ4Block(got, block))
			require.Equal(t, plain[:n], got)
		}
		assert.False(t, unpackLZ4Block(make([]byte, len(plain)+1), block), "more than there is")
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add(lz4Block(f, bytes.Repeat([]byte("journal"), 40)), uint16(280))
	f.Add([]byte{0x10, 'a', 1, 0}, uint16(20))
	f.Fuzz(func(t *testing.T, block []byte, n uint16) {
		want := make([]byte, n)
		got := make([]byte, n)
		size, err := lz4.UncompressBlock(block, want)
		if err == nil && size == int(n) {
			require.True(t, unpackLZ4Block(got, block))
			require.Equal(t, want, got)
			return
		}
		unpackLZ4Block(got, block) // It may be the beginning of something longer.
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\xfd7zXZ\x00\x00\x00\xff\x12\xd9\x41\x02\x00\x21\x01\x0a\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var u unpacker
		defer u.close()
		for _, how := range []byte{dataXZ, dataLZ4, dataZstd} {
			head, _, err := u.unpack(how, raw, 4096)
			if err == nil {
				assert.LessOrEqual(t, len(head), 4096)
			}
		}
	})
}
