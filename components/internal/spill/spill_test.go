// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var header = Header{Path: "/var/log/pods/a/0.log", Identity: []byte("id"), Start: 1000}

// content is n bytes, of which a part can be compressed.
func content(n int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + random.IntN(8))
	}
	return b
}

func open(tb testing.TB, dir string, bound int64) *Store {
	tb.Helper()
	s := Open(dir, bound)
	require.NoError(tb, s.Ready())
	return s
}

func store(tb testing.TB, s *Store, b []byte) *File {
	tb.Helper()
	w, err := s.Create(header)
	require.NoError(tb, err)
	n, err := w.Write(b)
	require.NoError(tb, err)
	require.Equal(tb, len(b), n)
	f, err := w.Commit()
	require.NoError(tb, err)
	return f
}

func load(tb testing.TB, f *File) ([]byte, error) {
	tb.Helper()
	r, err := f.Open()
	require.NoError(tb, err)
	defer r.Close()
	b := make([]byte, f.Size()+1)
	n, err := r.ReadAt(b, f.Start)
	return b[:n], err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, size := range []int{0, 1, frameBytes - 1, frameBytes, frameBytes + 1, 3*frameBytes + 17} {
		dir := filepath.Join(t.TempDir(), "copies")
		s := open(t, dir, 1<<30)
		want := content(size)
		store(t, s, want)
		again := open(t, dir, 1<<30)
		assert.Equal(t, s.Bytes(), again.Bytes())
		files, errs := again.List()
		require.Empty(t, errs)
		require.Len(t, files, 1)
		f := files[0]
		require.Equal(t, header, f.Header)
		got, err := load(t, f)
		require.Equal(t, io.EOF, err)
		require.True(t, bytes.Equal(want, got))

		var group sync.WaitGroup
		for seed := range uint64(3) {
			r, err := f.Open()
			require.NoError(t, err)
			group.Go(func() {
				random := rand.New(rand.NewPCG(seed, 1))
				for range 50 {
					from := random.IntN(size + 1)
					p := make([]byte, random.IntN(size-from+1))
					n, err := r.ReadAt(p, f.Start+int64(from))
					assert.True(t, err == nil && bytes.Equal(want[from:from+n], p), "%v", err)
				}
				_, err := r.ReadAt(make([]byte, 1), f.Start-1)
				assert.ErrorContains(t, errors.Join(err, r.Close()), "it begins at 1000")
			})
		}
		group.Wait()
		require.NoError(t, f.Remove())
		require.NoError(t, f.Remove())
		assert.Zero(t, again.Bytes())
	}
}

func TestDamageLeavesATruePrefixAndAnError(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<30)
	want := append(make([]byte, frameBytes), "the rest"...)
	name := store(t, s, want).path()
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	check := func(b []byte) {
		require.NoError(t, os.WriteFile(name, b, 0o600))
		files, errs := s.List()
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], name)
		for _, f := range files {
			got, err := load(t, f)
			require.Equal(t, io.EOF, err)
			require.True(t, bytes.HasPrefix(want, got))
			require.Equal(t, header, f.Header)
		}
	}
	for n := range whole {
		check(whole[:n])
		flipped := bytes.Clone(whole)
		flipped[n] ^= 0x10
		check(flipped)
	}
	check(append(bytes.Clone(whole), 0))
}

func TestWhatIsNotCommittedIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<30)
	w, err := s.Create(header)
	require.NoError(t, err)
	_, err = w.Write(content(2 * frameBytes))
	require.NoError(t, err)
	files, errs := s.List()
	require.Empty(t, files)
	require.Empty(t, errs)
	again := open(t, dir, 1<<30)
	require.Zero(t, again.Bytes())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	w.Abort()
	require.Zero(t, s.Bytes())
}

func TestTheBoundIsKept(t *testing.T) {
	for _, bound := range []int64{0, 100, 5000, frameBytes, 2*frameBytes + 5000} {
		dir := t.TempDir()
		s := open(t, dir, bound)
		w, err := s.Create(header)
		if err != nil {
			require.ErrorIs(t, err, ErrFull)
			continue
		}
		want := make([]byte, 4*frameBytes)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(want)
		n, err := w.Write(want)
		require.ErrorIs(t, err, ErrFull)
		require.LessOrEqual(t, s.Bytes(), bound)
		_, err = w.Write(want)
		require.ErrorIs(t, err, ErrFull)
		f, err := w.Commit()
		require.NoError(t, err)
		info, err := os.Stat(f.path())
		require.NoError(t, err)
		require.LessOrEqual(t, info.Size(), bound)
		require.Equal(t, info.Size(), s.Bytes())
		got, err := load(t, f)
		require.True(t, errors.Is(err, io.EOF) && bytes.Equal(want[:n], got))
	}
}

func TestALinkIsNotFollowed(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	s := open(t, other, 1<<30)
	f := store(t, s, content(10))
	require.NoError(t, os.Symlink(f.path(), filepath.Join(dir, f.Name())))
	files, errs := open(t, dir, 1<<30).List()
	require.Empty(t, files)
	require.Len(t, errs, 1)
}

func TestAFolderThatCannotBeReadYet(t *testing.T) {
	parent := t.TempDir()
	dir, elsewhere := filepath.Join(parent, "copies"), filepath.Join(parent, "elsewhere")
	before := store(t, open(t, elsewhere, 1<<30), content(10))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	s := Open(dir, 1<<30)
	files, errs := s.List()
	require.Empty(t, files)
	require.Len(t, errs, 1)
	_, err := s.Create(header)
	require.Error(t, err)
	require.Zero(t, s.Bytes())

	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Rename(elsewhere, dir))
	later := store(t, s, content(20))
	require.Greater(t, later.Name(), before.Name(), "numbers go on behind those that are there")
	files, errs = s.List()
	require.Empty(t, errs)
	require.Len(t, files, 2)
	require.Equal(t, onDisk(t, dir), s.Bytes())
}

func TestWhatCannotBeRemovedCounts(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0000000000000007.spill.tmp"), content(100), 0o600))
	f := store(t, open(t, t.TempDir(), 1<<30), content(10))
	require.NoError(t, os.Rename(f.path(), filepath.Join(dir, f.Name())))
	s := &Store{dir: dir, max: 1 << 30, disk: &faultyDisk{failAt: 1, dead: true}, size: map[string]int64{}}
	files, errs := s.List()
	require.Empty(t, errs, "a folder that cannot be written can be read")
	require.Len(t, files, 1)
	require.Equal(t, onDisk(t, dir), s.Bytes())
}
