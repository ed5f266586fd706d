// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// onDisk reads the log files of a run's pods, and returns the last line of each start that a collector can find there: what the
// writers have noted was on its way through the runtime when the power failed.
func (r *rig) onDisk(t *testing.T, run string) map[start]int {
	files, err := filepath.Glob(r.Path("/var/log/pods/shop_" + run + "-*/*/*"))
	require.NoError(t, err)
	last := map[start]int{}
	for _, path := range files {
		file, err := os.Open(path)
		require.NoError(t, err)
		var content io.Reader = file
		if strings.HasSuffix(path, ".gz") {
			content, err = gzip.NewReader(file)
			require.NoError(t, err)
		}
		lines := bufio.NewReader(content)
		for {
			text, err := lines.ReadString('\n')
			if err != nil {
				// The end of a line that has no end yet is nobody's.
				break
			}
			_, text, _ = strings.Cut(text, " F ")
			if l, err := parseLine(text); err == nil {
				last[l.start] = max(last[l.start], l.n)
			}
		}
		require.NoError(t, file.Close())
	}
	return last
}
