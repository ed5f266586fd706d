// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRoundTrip compresses its input as it is, and what it says when it is read as a program: short inputs then make
// bodies that are longer than the history.
func FuzzRoundTrip(f *testing.F) {
	for _, c := range corpora {
		f.Add(c.make(200), uint16(0))
		f.Add(c.make(2000), uint16(77))
	}
	f.Add([]byte{0xff, 0xff, 'a', 0xff, 0xff, 'b', 0x41, 0x00, 0x80, 0xff, 0x01, 0x02}, uint16(1000))
	encoder, decoder := New(), newDecoder(f)
	f.Fuzz(func(t *testing.T, input []byte, step uint16) {
		for _, body := range [][]byte{input, run(input)} {
			var out bytes.Buffer
			encoder.Reset(&out)
			// In steps of any size, as they come from a connection.
			_, err := encoder.ReadFrom(steps{bytes.NewReader(body), int(step) + 1})
			require.NoError(t, err)
			require.NoError(t, encoder.Close())
			got, err := decoder.DecodeAll(out.Bytes(), nil)
			require.NoError(t, err)
			same(t, body, got)
		}
	})
}

type steps struct {
	*bytes.Reader
	size int
}

func (s steps) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), s.size)]) }

var _ io.Reader = steps{}

// run reads a byte that says what to do and for how long, and then its arguments.
func run(program []byte) []byte {
	const most = 1 << 20
	var out []byte
	next := func() int {
		if len(program) == 0 {
			return 0
		}
		b := program[0]
		program = program[1:]
		return int(b)
	}
	for len(program) > 0 && len(out) < most {
		switch op := next(); op >> 6 {
		case 0: // some bytes of the program
			n := min(op, len(program))
			out = append(out, program[:n]...)
			program = program[n:]
		case 1: // near repetitions
			out = again(out, 1+next(), op&63+1)
		case 2: // far and long ones
			out = again(out, 1+next()<<10|next()<<2, (op&63+1)<<(next()&15))
		default: // what cannot be repeated
			out = append(out, randomBytesOf(newRandom(uint64(next())), (op&63+1)<<(next()&7))...)
		}
	}
	return out[:min(len(out), most)]
}

func again(out []byte, distance, length int) []byte {
	if distance > len(out) {
		return out
	}
	for range length {
		out = append(out, out[len(out)-distance])
	}
	return out
}
