// SPDX-License-Identifier: Apache-2.0

//go:build unix

package deadletter

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPipeIsRefusedAndNotWaitedFor(t *testing.T) {
	f := newFile(t, 1<<20)
	require.NoError(t, os.MkdirAll(filepath.Dir(f.Path()), 0o700))
	require.NoError(t, syscall.Mkfifo(f.Path(), 0o600))
	require.ErrorContains(t, f.Write(letter{"lost"}), "is not a regular file")
}
