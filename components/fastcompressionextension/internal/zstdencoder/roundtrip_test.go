// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBothDecodersReadEveryShortLength(t *testing.T) {
	r := newReader(t)
	for _, c := range corpora {
		for size := range 301 {
			r.check(t, c.make(size))
		}
	}
}

func TestBothDecodersReadLengthsAroundEveryBoundary(t *testing.T) {
	boundaries := []int{fourLiterals, WindowBytes, blockBytes, 128 << 10, 2 * blockBytes, 3 * blockBytes, historyBytes - front,
		historyBytes, WindowBytes + 3*blockBytes, 1 << 20}
	for _, c := range corpora {
		t.Run(c.name, func(t *testing.T) {
			r := newReader(t)
			body := c.make(1<<20 + 20)
			for _, boundary := range boundaries {
				for size := boundary - 18; size <= boundary+18; size += 1 + size&3 {
					r.check(t, body[:size])
				}
			}
		})
	}
}

func TestBothDecodersReadPatchwork(t *testing.T) {
	r := newReader(t)
	for seed := range uint64(400) {
		r.check(t, patchwork(seed, 1+int(seed*seed*7919)%(1<<(8+seed%13))))
	}
}

// A repetition that is one byte too far is left alone, one that is just near enough is not. In between lies what
// nobody can repeat.
func TestARepetitionIsFoundUpToTheWindow(t *testing.T) {
	r := newReader(t)
	for _, size := range []int{WindowBytes - 1, WindowBytes, WindowBytes + 1, blockBytes, 200 << 10} {
		piece := randomBytes(size)
		wire := r.check(t, bytes.Repeat(piece, 6))
		if size <= WindowBytes {
			assert.Less(t, wire, size+size/64, "%d", size)
		} else {
			assert.Greater(t, wire, 6*size, "%d", size)
		}
	}
}

// As with the fastest level of the library and its large window, give or take 5 %.
func TestLogsTakeFewBytesOnTheWire(t *testing.T) {
	reference, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	defer reference.Close()
	r := newReader(t)
	for _, c := range corpora[:logs] {
		for _, size := range []int{20_000, 400_000, 2_000_000} {
			body := c.make(size)
			got, want := r.check(t, body), len(reference.EncodeAll(body, nil))
			t.Logf("%s, %d bytes: %d, the library %d (%+.1f %%)", c.name, size, got, want, 100*float64(got)/float64(want)-100)
			assert.LessOrEqual(t, float64(got), 1.05*float64(want), "%s, %d", c.name, size)
		}
	}
}

func TestWhatCannotBeCompressedGrowsByAFewBytes(t *testing.T) {
	r := newReader(t)
	for _, size := range []int{1, 100, blockBytes, 1_000_000} {
		blocks := 1 + size/blockBytes
		assert.LessOrEqual(t, r.check(t, randomBytes(size)), size+6+blocks*blockHeaderBytes, "%d", size)
	}
}

func TestOneByteAgainAndAgainIsNearlyNothing(t *testing.T) {
	assert.Less(t, newReader(t).check(t, make([]byte, 1_000_000)), 300)
}

// Letters need fewer than eight bits, and a table that is used again needs no description.
func TestWhatHasNoRepetitionsIsStillShorter(t *testing.T) {
	assert.Less(t, newReader(t).check(t, base64Text(1_000_000)), 770_000)
}

// Four blocks prefer these bytes, four others those. A table that does not suit any more is not kept.
func TestATableOfLiteralsIsMadeAnewWhenTheyChange(t *testing.T) {
	prefer := func(seed uint64, first int) []byte {
		r, out := newRandom(seed), make([]byte, 4*blockBytes)
		for i := range out {
			out[i] = byte((first + min(r.IntN(64), r.IntN(64))) % 64)
		}
		return out
	}
	these, those := prefer(1, 0), prefer(2, 32)
	r := newReader(t)
	alone := r.check(t, these) + r.check(t, those)
	assert.Less(t, r.check(t, append(these, those...)), alone+alone/32)
}

func TestAnEncoderForgetsTheFrameBefore(t *testing.T) {
	used := New()
	for round := range 3 {
		for _, c := range corpora {
			body := c.make(100_000 + round*300_000)
			same(t, compress(t, New(), body), compress(t, used, body))
		}
	}
}

// Positions are counted up to 2 GiB, and then anew, between two frames or within one.
func TestPositionsAreCountedAnew(t *testing.T) {
	r := newReader(t)
	for before := range 12 {
		r.encoder.matcher.base = rebase - uint32(before*100_000)
		r.check(t, otlp(1<<20))
		assert.Less(t, r.encoder.matcher.base, uint32(rebase))
		for _, position := range r.encoder.matcher.table {
			require.Less(t, position, uint32(rebase/2), "from before")
		}
	}
}

func TestSeveralEncodersWorkAtOnce(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := newReader(t)
			for _, c := range corpora {
				r.check(t, c.make(300_000+i))
			}
		})
	}
}
