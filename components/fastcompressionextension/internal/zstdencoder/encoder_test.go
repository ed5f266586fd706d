// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFrameDependsOnTheBytesOnly(t *testing.T) {
	body := otlp(700_000)
	want := compress(t, New(), body)
	for _, tt := range []struct {
		name  string
		write func(e *Encoder) error
	}{
		{"a reader with one byte at a time", func(e *Encoder) error {
			_, err := e.ReadFrom(iotest.OneByteReader(bytes.NewReader(body)))
			return err
		}},
		{"a reader that has data with its end", func(e *Encoder) error {
			_, err := e.ReadFrom(iotest.DataErrReader(bytes.NewReader(body)))
			return err
		}},
		{"one call of Write", func(e *Encoder) error {
			_, err := e.Write(body)
			return err
		}},
		{"many calls of Write", func(e *Encoder) error {
			for rest := body; len(rest) > 0; rest = rest[min(1777, len(rest)):] {
				if n, err := e.Write(rest[:min(1777, len(rest))]); err != nil || n != min(1777, len(rest)) {
					return errors.Join(err, io.ErrShortWrite)
				}
			}
			return nil
		}},
		{"some of both", func(e *Encoder) error {
			if _, err := e.Write(body[:200_000]); err != nil {
				return err
			}
			_, err := io.CopyBuffer(e, onlyReader{bytes.NewReader(body[200_000:])}, nil)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			e := New()
			e.Reset(&out)
			require.NoError(t, tt.write(e))
			require.NoError(t, e.Close())
			same(t, want, out.Bytes())
		})
	}
}

func TestAnErrorOfTheReaderComesBack(t *testing.T) {
	for _, broken := range []error{errors.New("broken"), io.ErrUnexpectedEOF, fmt.Errorf("connection: %w", io.EOF)} {
		e := New()
		e.Reset(io.Discard)
		n, err := e.ReadFrom(io.MultiReader(bytes.NewReader(make([]byte, 500_000)), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken)
		assert.EqualValues(t, 500_000, n)
	}
}

func TestAReaderThatGivesNothingIsGivenUp(t *testing.T) {
	e := New()
	e.Reset(io.Discard)
	_, err := e.ReadFrom(idle{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

func TestAReaderMayPauseAgainAndAgain(t *testing.T) {
	body := otlp(5000)
	var out bytes.Buffer
	e := New()
	e.Reset(&out)
	_, err := e.ReadFrom(&pausing{rest: body})
	require.NoError(t, err)
	require.NoError(t, e.Close())
	same(t, compress(t, New(), body), out.Bytes())
}

// pausing gives one byte in three calls.
type pausing struct {
	rest  []byte
	calls int
}

func (p *pausing) Read(to []byte) (int, error) {
	if p.calls++; p.calls%3 > 0 {
		return 0, nil
	}
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	to[0], p.rest = p.rest[0], p.rest[1:]
	return 1, nil
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestAnErrorOfTheWriterStays(t *testing.T) {
	for _, size := range []int{0, 10, 1 << 20} {
		e := New()
		e.Reset(full{})
		_, err := e.Write(otlp(size))
		if size > blockBytes {
			require.ErrorIs(t, err, errFull)
		}
		require.ErrorIs(t, e.Close(), errFull)
		require.ErrorIs(t, e.Close(), errFull)
		_, err = e.ReadFrom(bytes.NewReader(nil))
		require.ErrorIs(t, err, errFull)
		// And is forgotten with the frame.
		assert.NotEmpty(t, compress(t, e, otlp(size)))
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestOnlyAnOpenFrameIsWrittenTo(t *testing.T) {
	e := New()
	_, err := e.Write([]byte("a"))
	require.ErrorIs(t, err, errUnset)
	require.ErrorIs(t, e.Close(), errUnset)

	var out bytes.Buffer
	e.Reset(&out)
	require.NoError(t, e.Close())
	length := out.Len()
	require.NoError(t, e.Close(), "a second time")
	_, err = e.Write([]byte("a"))
	require.ErrorIs(t, err, errClosed)
	assert.Equal(t, length, out.Len())
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range corpora[:logs] {
		body := c.make(1 << 20)
		b.Run(c.name, func(b *testing.B) {
			e := New()
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				e.Reset(io.Discard)
				_, _ = e.ReadFrom(bytes.NewReader(body))
				_ = e.Close()
			}
		})
	}
}
