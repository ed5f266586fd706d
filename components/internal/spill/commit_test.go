// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("the disk is broken")

// faultyDisk counts the steps and fails at one, or from that one on.
type faultyDisk struct {
	realDisk
	root   string
	steps  []string
	failAt int // the first is 1; 0 is none
	dead   bool
}

func (d *faultyDisk) step(what, path string) error {
	if path != "" {
		what += " " + strings.TrimPrefix(path, d.root)
	}
	d.steps = append(d.steps, what)
	if d.failAt > 0 && (len(d.steps) == d.failAt || d.dead && len(d.steps) > d.failAt) {
		return errBroken
	}
	return nil
}

func (d *faultyDisk) mkdir(path string) error {
	return firstOf(d.step("mkdir", path), func() error { return d.realDisk.mkdir(path) })
}

func (d *faultyDisk) create(path string) (newFile, error) {
	if err := d.step("create", path); err != nil {
		return nil, err
	}
	f, err := d.realDisk.create(path)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) rename(from, to string) error {
	return firstOf(d.step("rename to", to), func() error { return d.realDisk.rename(from, to) })
}

func (d *faultyDisk) remove(path string) error {
	return firstOf(d.step("remove", path), func() error { return d.realDisk.remove(path) })
}

func (d *faultyDisk) sync(folder string) error {
	return firstOf(d.step("sync", folder), func() error { return d.realDisk.sync(folder) })
}

func firstOf(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

type faultyFile struct {
	newFile
	disk *faultyDisk
}

// Write writes half of it before it fails.
func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.disk.step("write", ""); err != nil {
		n, _ := f.newFile.Write(p[:len(p)/2])
		return n, err
	}
	return f.newFile.Write(p)
}

func (f *faultyFile) Sync() error {
	return firstOf(f.disk.step("sync the file", ""), f.newFile.Sync)
}

// Close closes it in any case.
func (f *faultyFile) Close() error {
	return errors.Join(f.disk.step("close", ""), f.newFile.Close())
}

// attempt writes a copy of two frames.
func attempt(s *Store, content []byte) (*File, error) {
	w, err := s.Create(header)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		w.Abort()
		return nil, err
	}
	return w.Commit()
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	found := []string{}
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

// onDisk is what the files of a folder come to.
func onDisk(t *testing.T, dir string) (n int64) {
	t.Helper()
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		n += info.Size()
	}
	return n
}

func TestTheStepsOfACopy(t *testing.T) {
	root := t.TempDir()
	d := &faultyDisk{root: root}
	s := open(t, filepath.Join(root, "a", "b"), 1<<30)
	s.disk = d
	first := store(t, s, content(frameBytes+1))
	steps := []string{
		"create /a/b/0000000000000001.spill.tmp", "write", "write", "write", "write", "sync the file", "close",
		"rename to /a/b/0000000000000001.spill", "sync /a/b", "sync /a",
	}
	assert.Equal(t, append([]string{"mkdir /a/b", "mkdir /a", "sync ", "mkdir /a/b", "sync /a"}, steps...), d.steps,
		"each missing folder is on the disk before the next is made")

	d.steps = nil
	store(t, s, content(frameBytes+1))
	for i := range steps {
		steps[i] = strings.ReplaceAll(steps[i], "01.spill", "02.spill")
	}
	assert.Equal(t, append([]string{"mkdir /a/b"}, steps...), d.steps)

	d.steps = nil
	require.NoError(t, first.Remove())
	assert.Equal(t, []string{"remove /a/b/0000000000000001.spill"}, d.steps)
}

func TestACopyThatFailsAtAnyStepIsGone(t *testing.T) {
	want := content(frameBytes + 100)
	failed := 0
	for failAt := 1; ; failAt++ {
		dir := filepath.Join(t.TempDir(), "copies")
		d := &faultyDisk{failAt: failAt}
		s := open(t, dir, 1<<30)
		s.disk = d
		_, err := attempt(s, want)
		if err == nil {
			break
		}
		failed++
		require.ErrorIs(t, err, errBroken)
		require.Empty(t, names(t, dir), d.steps)
		require.Zero(t, s.Bytes(), d.steps)

		f, err := attempt(s, want)
		require.NoError(t, err, "the next one has its chance")
		got, err := load(t, f)
		require.True(t, errors.Is(err, io.EOF) && bytes.Equal(want, got))
		require.Equal(t, onDisk(t, dir), s.Bytes())
	}
	assert.Equal(t, 12, failed)
}

func TestAfterACrashAtAnyStepACopyIsWholeOrNotThere(t *testing.T) {
	want := content(frameBytes + 100)
	whole := 0
	for failAt := 1; ; failAt++ {
		dir := filepath.Join(t.TempDir(), "copies")
		d := &faultyDisk{failAt: failAt, dead: true}
		s := open(t, dir, 1<<30)
		s.disk = d
		_, err := attempt(s, want)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errBroken)
		require.GreaterOrEqual(t, s.Bytes(), onDisk(t, dir), "what could not be removed counts")

		again := open(t, dir, 1<<30)
		files, errs := again.List()
		require.Empty(t, errs)
		require.Equal(t, onDisk(t, dir), again.Bytes())
		require.Len(t, names(t, dir), len(files))
		for _, f := range files {
			got, err := load(t, f)
			require.True(t, errors.Is(err, io.EOF) && bytes.Equal(want, got))
			whole++
		}
	}
	assert.Equal(t, 2, whole, "when only a folder was not synced")
}

func TestAWriterThatEndedIsLeftAlone(t *testing.T) {
	s := open(t, t.TempDir(), 1<<30)
	w, err := s.Create(header)
	require.NoError(t, err)
	_, err = w.Write(content(10))
	require.NoError(t, err)
	f, err := w.Commit()
	require.NoError(t, err)
	w.Abort()
	_, err = w.Commit()
	require.ErrorIs(t, err, errEnded)
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, errEnded)
	got, err := load(t, f)
	require.Equal(t, io.EOF, err)
	require.Equal(t, content(10), got)
	require.Equal(t, onDisk(t, s.dir), s.Bytes())
}

func TestAFolderThatIsRemovedIsMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copies")
	s := open(t, dir, 1<<30)
	f := store(t, s, content(10))
	r, err := f.Open()
	require.NoError(t, err)
	defer r.Close()
	w, err := s.Create(header)
	require.NoError(t, err)
	_, err = w.Write(content(10))
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))

	_, err = w.Commit()
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = f.Open()
	require.ErrorIs(t, err, os.ErrNotExist)
	files, errs := s.List()
	require.Empty(t, files)
	require.Empty(t, errs)
	require.NoError(t, f.Remove())
	require.Zero(t, s.Bytes())

	store(t, s, content(20))
	files, errs = s.List()
	require.Empty(t, errs)
	require.Len(t, files, 1)
	p := make([]byte, 10)
	_, err = r.ReadAt(p, header.Start)
	require.NoError(t, err)
	require.Equal(t, content(10), p, "a reader that is open goes on")
}

func TestTwoFilesOfOneCopyGiveItsRoomBackOnce(t *testing.T) {
	s := open(t, t.TempDir(), 1<<30)
	store(t, s, content(10))
	other := store(t, s, content(20))
	files, _ := s.List()
	again, _ := s.List()
	require.NoError(t, files[0].Remove())
	require.NoError(t, again[0].Remove())
	require.Equal(t, onDisk(t, s.dir), s.Bytes())
	require.NoError(t, other.Remove())
	require.Zero(t, s.Bytes())
}
