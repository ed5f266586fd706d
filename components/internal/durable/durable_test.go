// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFoldersAreMadeForTheirOwner(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		require.NoError(t, MakeFolder(folder))
		info, err := os.Stat(folder)
		require.NoError(t, err)
		assert.Equal(t, fs.ModeDir|0o700, info.Mode())
	}
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, MakeFolder(filepath.Join(file, "below")))
	require.ErrorIs(t, SyncFolder(filepath.Join(folder, "missing")), fs.ErrNotExist)
}
