// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFullDiskLeavesNothing(t *testing.T) {
	mounted := t.TempDir()
	if err := syscall.Mount("tmpfs", mounted, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skipf("only root may mount a file system: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(mounted, 0)) })
	dir := filepath.Join(mounted, "copies")
	s := open(t, dir, 1<<30)
	small := store(t, s, content(10))

	noise := make([]byte, 2<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	w, err := s.Create(header)
	require.NoError(t, err)
	_, err = w.Write(noise)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NotErrorIs(t, err, ErrFull, "the bound is not what was passed")
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.ENOSPC, "it can only be aborted")
	w.Abort()
	require.Equal(t, []string{small.Name()}, names(t, dir))
	require.Equal(t, onDisk(t, dir), s.Bytes())

	// The disk is full when the last frame is written.
	w, err = s.Create(header)
	require.NoError(t, err)
	_, err = w.Write(noise[:3*frameBytes+frameBytes-1])
	require.NoError(t, err)
	_, err = w.Commit()
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, []string{small.Name()}, names(t, dir))
	require.Equal(t, onDisk(t, dir), s.Bytes())

	require.NoError(t, small.Remove())
	_, err = attempt(s, noise[:3*frameBytes])
	require.NoError(t, err, "there is room again")
}
