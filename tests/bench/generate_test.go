// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// readLog returns what the file of a pod holds, record by record, its pieces joined.
func readLog(t *testing.T, root string, file int) (texts []string, stderr, split, bytes, physical int) {
	t.Helper()
	raw, err := os.ReadFile(podOf(file).LogPath(root))
	require.NoError(t, err)
	pending, last := "", time.Time{}
	for line := range strings.Lines(string(raw)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		require.Len(t, fields, 4, "%q", line)
		at, err := time.Parse(time.RFC3339Nano, fields[0])
		require.NoError(t, err)
		require.Greater(t, at, last, "stamps grow")
		last = at
		require.Contains(t, []string{"stdout", "stderr"}, fields[1])
		physical++
		if pending += fields[3]; fields[2] == "P" {
			split++
			continue
		}
		require.Equal(t, "F", fields[2])
		texts = append(texts, pending)
		pending = ""
		if fields[1] == "stderr" {
			stderr++
		}
	}
	require.Empty(t, pending)
	return texts, stderr, split, len(raw), physical
}

func TestABacklogIsWhatContainersWrite(t *testing.T) {
	root := t.TempDir()
	written, err := writeBacklog(root, 3, 20_000)
	require.NoError(t, err)
	require.Equal(t, []int{6667, 6667, 6666}, written)
	files, err := filepath.Glob(root + "/*_*_*/main/0.log")
	require.NoError(t, err)
	assert.Len(t, files, 3)

	stderr, split, bytes, physical := 0, 0, 0, 0
	for file, count := range written {
		texts, e, s, b, p := readLog(t, root, file)
		stderr, split, bytes, physical = stderr+e, split+s, bytes+b, physical+p
		require.Len(t, texts, count)
		length := 0
		for n, text := range texts {
			require.Equal(t, 1, strings.Count(text, string(appendMarker(nil, file, n))), "%q", text)
			require.Equal(t, file%2 == 0, json.Valid([]byte(text)), "%q", text)
			length += len(text)
		}
		assert.InDelta(t, map[bool]int{true: 190, false: 150}[file%2 == 0], length/count, 20, "bytes of file %d", file)
	}
	assert.InDelta(t, 2_000, stderr, 200)
	assert.InDelta(t, 600, split, 100)
	assert.InDelta(t, 200, bytes/physical, 25)
}

func TestThePiecesOfASplitRecordShareItsMarker(t *testing.T) {
	source := newLines(0)
	for range 1_000 {
		raw := string(source.appendCRI(nil, time.Unix(1, 0).UTC()))
		whole := 0
		eachMarker([]byte(raw), func(int, int) { whole++ })
		require.Equal(t, strings.Count(raw, "\n") == 1, whole == 1, "%q", raw)
	}
}

func TestAPacedWriterCountsWhatItWrote(t *testing.T) {
	root := t.TempDir()
	w, err := startWriter(root, 3, 20_000)
	require.NoError(t, err)
	testkit.Eventually(t, testkit.StartTimeout, "some records", func() bool {
		info, err := os.Stat(podOf(2).LogPath(root))
		return err == nil && info.Size() > 10_000
	})
	written, err := w.Stop()
	require.NoError(t, err)
	require.Len(t, written, 3)
	for file, count := range written {
		texts, _, _, _, _ := readLog(t, root, file)
		assert.Len(t, texts, count)
		assert.InDelta(t, written[0], count, 1, "all in turn")
	}
}
