// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkMatches plays the matches back, block for block as an encoder has them.
func checkMatches(t *testing.T, e *Encoder, body []byte) (blocks, fullest int) {
	e.matcher.advance(e.end + WindowBytes)
	e.start, e.end = front, front
	for decoded := 0; ; {
		e.end += copy(e.room(), body[decoded+e.end-e.start:])
		stop := e.matcher.find(&e.past, e.start, e.end)
		for _, m := range e.matcher.matches[:e.matcher.found] {
			decoded += int(m.literals)
			if m.length < leastMatch || m.distance < 1 || m.distance > WindowBytes || int(m.distance) > decoded {
				require.Failf(t, "no decoder has this", "%+v behind %d bytes", m, decoded)
			}
			from := decoded - int(m.distance)
			same(t, body[from:from+int(m.length)], body[decoded:decoded+int(m.length)])
			decoded += int(m.length)
			e.start += int(m.literals) + int(m.length)
		}
		require.LessOrEqual(t, e.start, stop)
		decoded += stop - e.start
		blocks, fullest = blocks+1, max(fullest, e.matcher.found)
		if e.start = stop; stop == e.end && decoded == len(body) {
			return blocks, fullest
		}
		if e.start+blockBytes > historyBytes {
			e.slide()
		}
	}
}

func TestAMatchIsWhatStandsThere(t *testing.T) {
	e := New()
	for _, c := range corpora {
		checkMatches(t, e, c.make(700_000))
	}
	for seed := range uint64(100) {
		checkMatches(t, e, patchwork(seed, 700_000))
	}
}

func TestABlockEndsBeforeItHasTooManyMatches(t *testing.T) {
	blocks, fullest := checkMatches(t, New(), shortRepetitions(10*blockBytes))
	assert.Equal(t, maxMatches, fullest)
	assert.Greater(t, blocks, 11)
}

func TestFourEqualBytesAreSeen(t *testing.T) {
	for _, tt := range []struct {
		difference, want uint64
	}{
		{0, 0x80_80_80_80_80},
		{0x01_00_00_00_00_00_00_00, 0x80_80_80_80},
		{0x80_01_02_03_00_00_00_00, 0x80},
		{0x00_00_00_00_80_00_01_00, 0x80_00_00_00_00},
		{0x00_00_01_00_00_00_00_01, 0x80_00},
		{0x00_00_00_01_00_00_00_00, 0x80},
		{0x00_00_00_01_00_00_00_80, 0},
		{0x00_80_00_00_00_01_00_00, 0},
	} {
		assert.Equal(t, tt.want, fourEqual(tt.difference), "%016x", tt.difference)
	}
}
