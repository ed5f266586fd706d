// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFileWithADamagedHeaderIsSetAside(t *testing.T) {
	h := Header{Path: "p", Identity: []byte("i")}
	whole := fileOf(h)
	header := len(h.encode())
	later := bytes.Clone(whole)
	later[11] = 2
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		name  string
		b     []byte
		aside bool
		files int
	}{
		{"nothing", nil, true, 0},
		{"a header that is cut short", whole[:header-1], true, 0},
		{"another file", []byte("some text that is longer than a header would be"), true, 0},
		{"a start that is not the one written", flipped(19), true, 0},
		{"a path that is not the one written", flipped(28), true, 0},
		{"an identity that is not the one written", flipped(29), true, 0},
		{"a checksum that is not the one written", flipped(header - 1), true, 0},
		{"a start below 0", Header{Start: -1}.encode(), true, 0},
		{"a header and nothing else", whole[:header], false, 1},
		{"a damaged frame", flipped(header), false, 1},
		{"a later version", later, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			const name = "0000000000000001.spill"
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), c.b, 0o600))
			s := open(t, dir, 1<<30)
			good := store(t, s, content(10))
			files, errs := s.List()
			require.Len(t, errs, 1)
			require.ErrorContains(t, errs[0], filepath.Join(dir, name))
			require.Len(t, files, c.files+1)
			require.Equal(t, good.Name(), files[c.files].Name())
			_, errs = s.List()
			if !c.aside {
				require.Len(t, errs, 1, "it stays, and counts")
				require.Equal(t, []string{name, good.Name()}, names(t, dir))
				require.Equal(t, onDisk(t, dir), s.Bytes())
				return
			}
			require.Empty(t, errs, "it is told once")
			require.Equal(t, []string{name + ".damaged", good.Name()}, names(t, dir))
			require.Equal(t, onDisk(t, dir)-int64(len(c.b)), s.Bytes(), "it does not count")
			require.Equal(t, s.Bytes(), open(t, dir, 1<<30).Bytes())
			kept, err := os.ReadFile(filepath.Join(dir, name+".damaged"))
			require.NoError(t, err)
			require.True(t, bytes.Equal(c.b, kept), "people can look at it")
		})
	}
}

func TestTheNewestFourDamagedFilesAreKept(t *testing.T) {
	dir := t.TempDir()
	for n := range 7 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%016x.spill", n)), []byte("x"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.damaged"), nil, 0o600))
	s := open(t, dir, 1<<30)
	_, errs := s.List()
	assert.Len(t, errs, 7)
	assert.Equal(t, []string{
		"0000000000000003.spill.damaged", "0000000000000004.spill.damaged", "0000000000000005.spill.damaged",
		"0000000000000006.spill.damaged", "mine.damaged",
	}, names(t, dir))
	assert.Zero(t, s.Bytes())
}

func TestWhatCannotBeSetAsideCounts(t *testing.T) {
	dir := t.TempDir()
	const name = "0000000000000001.spill"
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	s := open(t, dir, 1<<30)
	s.disk = &faultyDisk{failAt: 1, dead: true}
	_, errs := s.List()
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], errBroken)
	require.Equal(t, []string{name}, names(t, dir))
	require.Equal(t, int64(1), s.Bytes())
}
