// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var webPod = Pod{Namespace: "shop", Name: "web-0", UID: "ab-12", Container: "nginx"}

// namesIn lists the files of a folder.
func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// contentOf reads a log file, a compressed one as well.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	var reader io.Reader = file
	if filepath.Ext(path) == ".gz" {
		reader, err = gzip.NewReader(file)
		require.NoError(t, err)
	}
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(content)
}

func TestRotationNamesAndCompressesAsKubeletDoes(t *testing.T) {
	root := t.TempDir()
	w := OpenPod(t, root, webPod)
	folder := filepath.Dir(w.Path())
	assert.Equal(t, filepath.Join(root, "shop_web-0_ab-12", "nginx", "0.log"), w.Path())

	w.Write(Line{Time: noon, Text: "one"})
	w.Rotate()
	assert.Equal(t, []string{"0.log", "0.log.20260506-120000"}, namesIn(t, folder))
	assert.Empty(t, contentOf(t, w.Path()))

	w.Write(Line{Time: noon.Add(100 * time.Millisecond), Text: "two"})
	w.Rotate()
	assert.Equal(t, []string{"0.log", "0.log.20260506-120000.gz", "0.log.20260506-120001"}, namesIn(t, folder),
		"the stamp moves on within the same second")

	w.Write(Line{Time: noon.Add(time.Hour), Text: "three"})
	w.Rotate()
	w.Write(Line{Time: noon.Add(2 * time.Hour), Text: "four"})
	w.Close()
	w.Close()
	assert.Equal(t, []string{
		"0.log", "0.log.20260506-120000.gz", "0.log.20260506-120001.gz", "0.log.20260506-130000",
	}, namesIn(t, folder))
	for name, text := range map[string]string{
		"0.log":                    "2026-05-06T14:00:00.12Z stdout F four\n",
		"0.log.20260506-130000":    "2026-05-06T13:00:00.12Z stdout F three\n",
		"0.log.20260506-120001.gz": "2026-05-06T12:00:00.22Z stdout F two\n",
		"0.log.20260506-120000.gz": "2026-05-06T12:00:00.12Z stdout F one\n",
	} {
		assert.Equal(t, text, contentOf(t, filepath.Join(folder, name)), name)
	}
}

func TestReopenedWriterContinuesTheFileAndTheStamps(t *testing.T) {
	root := t.TempDir()
	first := OpenPod(t, root, webPod)
	first.Write(Line{Time: noon, Text: "one"})
	first.Rotate()
	first.Write(Line{Time: noon, Text: "two"})
	first.Close()

	second := OpenPod(t, root, webPod)
	second.Write(Line{Time: noon.Add(-time.Hour), Text: "late"})
	second.Rotate()
	folder := filepath.Dir(second.Path())
	assert.Equal(t, []string{"0.log", "0.log.20260506-120000.gz", "0.log.20260506-120001"}, namesIn(t, folder))
	assert.Equal(t, "2026-05-06T12:00:00.12Z stdout F two\n2026-05-06T11:00:00.12Z stdout F late\n",
		contentOf(t, filepath.Join(folder, "0.log.20260506-120001")))
}

func TestRotatedFileIsTheSameFile(t *testing.T) {
	w := OpenPod(t, t.TempDir(), webPod)
	w.Write(Line{Time: noon, Text: "one"})
	before, err := os.Stat(w.Path())
	require.NoError(t, err)
	w.Rotate()
	after, err := os.Stat(w.Path() + ".20260506-120000")
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	current, err := os.Stat(w.Path())
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, current))
}

func TestOtherFilesAreNotRotated(t *testing.T) {
	w := OpenPod(t, t.TempDir(), webPod)
	folder := filepath.Dir(w.Path())
	for _, name := range []string{"1.log", "0.log.old", "0.log.20260506-110000.tmp", "10.log.20260506-110000"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	w.Write(Line{Time: noon, Text: "one"})
	w.Rotate()
	assert.ElementsMatch(t, []string{
		"0.log", "0.log.20260506-120000",
		"1.log", "0.log.old", "0.log.20260506-110000.tmp", "10.log.20260506-110000",
	}, namesIn(t, folder))
}

func TestWriterCutsLinesAtItsChunk(t *testing.T) {
	w := OpenPod(t, t.TempDir(), webPod)
	w.Chunk = 2
	w.Write(Line{Time: noon, Text: "abc"})
	pieces := parseCRI(t, contentOf(t, w.Path()))
	require.Len(t, pieces, 2)
	assert.Equal(t, []criLine{{noon, "stdout", "F", "abc"}}, joinCRI(pieces))
}

func TestClosedWriterFailsTheTest(t *testing.T) {
	root := t.TempDir()
	message := failureOf(t, func(t testing.TB) {
		w := OpenPod(t, root, webPod)
		w.Close()
		w.Write(Line{Text: "late"})
	})
	assert.Contains(t, message, "append to "+webPod.LogPath(root))
	message = failureOf(t, func(t testing.TB) {
		w := OpenPod(t, root, webPod)
		w.Close()
		w.Rotate()
	})
	assert.Contains(t, message, "rotate "+webPod.LogPath(root)+": file already closed")
}
