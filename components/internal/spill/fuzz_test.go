// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// memory is a file that is not on a disk.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// fuzzed reads files that are not on a disk, always with the same memory: whoever looks
// for the smallest input of a kind tries thousands of them.
type fuzzed struct {
	reader Reader
	out    []byte
}

func newFuzzed() *fuzzed {
	return &fuzzed{Reader{data: make([]byte, maxData), raw: make([]byte, 0, frameBytes)}, make([]byte, 2*frameBytes)}
}

func (z *fuzzed) scan(b []byte) (*File, error) {
	f := &File{store: &Store{}}
	return f.scan(bytes.NewReader(b), int64(len(b)), z.reader.data)
}

// read reads the beginning of a file that was scanned.
func (z *fuzzed) read(f *File, b []byte) ([]byte, error) {
	z.reader.file, z.reader.in, z.reader.current = f, memory{bytes.NewReader(b)}, -1
	n, err := z.reader.ReadAt(z.out, f.Start)
	return z.out[:n], err
}

// fileOf is a file of these frames, with all checksums as they should be.
func fileOf(h Header, frames ...[]byte) []byte {
	b := h.encode()
	_, _, sum, _ := readHeader(bytes.NewReader(b))
	position := h.Start
	for _, data := range frames {
		b = appendFrame(b, sum, position, frameBytes, data)
		position += frameBytes
	}
	return appendFrame(b, sum, position, 0, nil)
}

func FuzzOpen(f *testing.F) {
	h := Header{Path: "p", Identity: []byte("i"), Start: 1}
	f.Add(fileOf(h))
	f.Add(fileOf(h, compressed(f, make([]byte, frameBytes))))
	z := newFuzzed()
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := z.scan(b)
		if file == nil {
			require.Error(t, err)
			return
		}
		require.True(t, bytes.HasPrefix(b, file.encode()), "a header has one spelling")
		got, err := z.read(file, b)
		require.LessOrEqual(t, int64(len(got)), file.size)
		require.True(t, len(got) == len(z.out) || err != nil)
	})
}

// FuzzData takes anything for the data of a frame with a true checksum.
func FuzzData(f *testing.F) {
	for _, size := range []int{1, 30, 200} {
		f.Add(compressed(f, content(size)), size)
		f.Add(compressed(f, make([]byte, size)), size-1)
	}
	z := newFuzzed()
	reference, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8<<20))
	require.NoError(f, err)
	f.Cleanup(reference.Close)
	f.Fuzz(func(t *testing.T, data []byte, raw int) {
		begin := header.encode()
		_, _, sum, _ := readHeader(bytes.NewReader(begin))
		b := appendFrame(begin, sum, header.Start, raw, data)
		b = appendFrame(b, sum, header.Start+int64(raw), 0, nil)
		file, err := z.scan(b)
		require.NotNil(t, file)
		if raw < 1 || raw > frameBytes || len(data) == 0 || len(data) > maxData {
			require.Error(t, err)
			require.Zero(t, file.size)
			return
		}
		require.NoError(t, err)
		got, err := z.read(file, b)
		require.Error(t, err, "at least that it ends")
		if errors.Is(err, io.EOF) {
			want, err := reference.DecodeAll(data, nil)
			require.NoError(t, err)
			require.Len(t, got, raw)
			require.True(t, bytes.Equal(want, got))
		} else {
			require.Empty(t, got)
		}
	})
}

func compressed(tb testing.TB, b []byte) []byte {
	e, err := encoder()
	require.NoError(tb, err)
	return e.EncodeAll(b, nil)
}

func BenchmarkWrite(b *testing.B) {
	s := open(b, b.TempDir(), 1<<40)
	p := content(16 << 20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		require.NoError(b, store(b, s, p).Remove())
	}
}

func BenchmarkRead(b *testing.B) {
	f := store(b, open(b, b.TempDir(), 1<<40), content(16<<20))
	b.SetBytes(f.Size())
	for b.Loop() {
		_, err := load(b, f)
		require.Error(b, err)
	}
}
