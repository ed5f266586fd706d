// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allocated is how many bytes something allocates, also those that it gives back.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// stream is zstd data of zeros that does not say how many there are.
func stream(t *testing.T, size int) []byte {
	var b bytes.Buffer
	e, err := zstd.NewWriter(&b, zstd.WithWindowSize(frameBytes), zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	for range size / frameBytes {
		_, err := e.Write(make([]byte, frameBytes))
		require.NoError(t, err)
	}
	require.NoError(t, e.Close())
	return b.Bytes()
}

func TestDataThatIsNotWhatItSaysIsAnErrorWithoutMuchMemory(t *testing.T) {
	good := compressed(t, make([]byte, frameBytes))
	run := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x40} // a frame with a window of 256 KiB
	for range 80_000 {
		run = append(run, 0x02, 0x00, 0x10, 'x') // a block: 128 KiB of x
	}
	run = append(run[:250_000], 0x01, 0, 0)
	_, err := decoder() // one for the process
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"64 MiB and says so", compressed(t, make([]byte, 64<<20))},
		{"64 MiB and does not say so", stream(t, 64<<20)},
		{"8 GiB of runs", run},
		{"one byte too many", compressed(t, make([]byte, frameBytes+1))},
		{"one byte too few", compressed(t, make([]byte, frameBytes-1))},
		{"two frames", bytes.Repeat(good, 2)},
		{"says it has 2⁶⁴ - 1 bytes", append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}, bytes.Repeat([]byte{0xff}, 8)...)},
		{"a window of 2 GiB", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0}},
		{"a dictionary", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 0x01, 0x09, 0, 0, 'x'}},
		{"a skipped frame of 4 GiB", []byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff}},
		{"no zstd", []byte("some text")},
		{"the half", good[:len(good)/2]},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			b := fileOf(header, good, c.data, good)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "0000000000000001.spill"), b, 0o600))
			s := open(t, dir, 1<<30)
			p := make([]byte, 3*frameBytes)
			var files []*File
			var errs []error
			assert.Less(t, allocated(func() { files, errs = s.List() }), uint64(1<<20))
			require.Empty(t, errs, "only reading finds out")
			require.Equal(t, int64(len(p)), files[0].Size())
			r, err := files[0].Open()
			require.NoError(t, err)
			defer r.Close()
			n, err := r.ReadAt(p, header.Start)
			require.ErrorContains(t, err, "frame at byte")
			require.NotErrorIs(t, err, io.EOF)
			require.Equal(t, frameBytes, n, "the frame before it can be read")
			assert.Less(t, allocated(func() { n, err = r.ReadAt(p[:1], header.Start+frameBytes) }), uint64(1<<20))
			require.Error(t, err, "it is an error each time")
			require.Zero(t, n)
			_, err = r.ReadAt(p[:frameBytes], header.Start+2*frameBytes)
			require.NoError(t, err, "the frame behind it can be read too")
		})
	}
}

func TestNumbersThatClaimGigabytesTakeNoMemory(t *testing.T) {
	begin := header.encode()
	_, length, sum, err := readHeader(bytes.NewReader(begin))
	require.NoError(t, err)
	with := func(at int, n uint32) []byte {
		b := fileOf(header, compressed(t, make([]byte, frameBytes)))
		binary.BigEndian.PutUint32(b[at:], n)
		// Its own checksum is true, over the data that is there.
		frame := b[length : length+frameHeader]
		binary.BigEndian.PutUint32(frame[20:], checksum(sum, frame[:20], b[length+frameHeader:len(b)-frameHeader]))
		return b
	}
	raw, data := int(length)+12, int(length)+16
	for _, c := range []struct {
		name  string
		b     []byte
		files int
	}{
		{"a path of 4 GiB", with(20, math.MaxUint32), 0},
		{"a path of 4097 bytes", with(20, maxField+1), 0},
		{"an identity of 4 GiB", with(24, math.MaxUint32), 0},
		{"an identity of 2 GiB", with(24, math.MaxInt32), 0},
		{"a frame of 4 GiB", with(raw, math.MaxUint32), 1},
		{"a frame of one byte too many", with(raw, frameBytes+1), 1},
		{"data of 4 GiB", with(data, math.MaxUint32), 1},
		{"data of one byte too many", with(data, maxData+1), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "0000000000000001.spill")
			require.NoError(t, os.WriteFile(name, c.b, 0o600))
			// A hole: there is something where the numbers point.
			require.NoError(t, os.Truncate(name, 8<<30))
			s := open(t, dir, 1<<40)
			var files []*File
			var errs []error
			assert.Less(t, allocated(func() { files, errs = s.List() }), uint64(1<<20))
			require.Len(t, errs, 1)
			require.ErrorContains(t, errs[0], "damaged")
			require.Len(t, files, c.files)
			for _, f := range files {
				require.Zero(t, f.Size())
			}
		})
	}
}

func TestReadingTakesTheMemoryOfOneFrame(t *testing.T) {
	f := store(t, open(t, t.TempDir(), 1<<30), content(20*frameBytes))
	_, err := decoder()
	require.NoError(t, err)
	p := make([]byte, 1000)
	assert.Less(t, allocated(func() {
		r, err := f.Open()
		require.NoError(t, err)
		defer r.Close()
		for at := int64(0); at+1000 <= f.Size(); at += 100_000 {
			_, err := r.ReadAt(p, f.Start+at)
			require.NoError(t, err)
		}
	}), uint64(1<<20))
}

func TestWhatIsNoFileIsNotTouched(t *testing.T) {
	for name, create := range map[string]func(path string) error{
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":   mkfifo,
		"a link":   func(path string) error { return os.Symlink("elsewhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			const copyName, tmpName = "0000000000000003.spill", "0000000000000007.spill.tmp"
			require.NoError(t, create(filepath.Join(dir, copyName)))
			require.NoError(t, create(filepath.Join(dir, tmpName)))
			s := open(t, dir, 1<<30)
			require.Zero(t, s.Bytes())
			files, errs := s.List()
			require.Empty(t, files)
			require.Len(t, errs, 1)
			require.ErrorContains(t, errs[0], copyName)

			f := store(t, s, content(10))
			require.Equal(t, "0000000000000008.spill", f.Name(), "its number is taken")
			require.Equal(t, []string{copyName, tmpName, f.Name()}, names(t, dir))
		})
	}
}

func TestTheLastNumberIsTaken(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffffffffffffffff.spill"), nil, 0o600))
	s := open(t, dir, 1<<30)
	_, err := s.Create(header)
	require.ErrorContains(t, err, "no number is left")
	require.Zero(t, s.Bytes())
}

func TestHeadersThatAreTooLargeAreRefused(t *testing.T) {
	s := open(t, t.TempDir(), 1<<30)
	long := string(make([]byte, maxField))
	w, err := s.Create(Header{Path: long, Identity: []byte(long), Start: maxStart})
	require.NoError(t, err)
	_, err = w.Write([]byte("x"))
	require.NoError(t, err)
	f, err := w.Commit()
	require.NoError(t, err)
	_, errs := s.List()
	require.Empty(t, errs)
	r, err := f.Open()
	require.NoError(t, err)
	defer r.Close()
	_, err = r.ReadAt(make([]byte, 1), math.MinInt64)
	require.ErrorContains(t, err, "it begins at")
	for _, h := range []Header{{Path: long + "x"}, {Identity: []byte(long + "x")}, {Start: -1}, {Start: maxStart + 1}} {
		_, err := s.Create(h)
		require.ErrorContains(t, err, "at most 4096 bytes")
	}
}
