// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filesBelow reads all files below a folder by their relative names.
func filesBelow(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			files[name] = contentOf(t, path)
		}
		return err
	}))
	return files
}

// logOf joins the content of a pod's files, rotated ones first.
func logOf(t *testing.T, root string, pod Pod) string {
	t.Helper()
	path := pod.LogPath(root)
	rotated, err := filepath.Glob(path + ".*")
	require.NoError(t, err)
	slices.Sort(rotated)
	var all strings.Builder
	for _, file := range append(rotated, path) {
		all.WriteString(contentOf(t, file))
	}
	return all.String()
}

var busy = GenerateOptions{Seed: 7, Pods: 5, Lines: 2003, PartialPercent: 20, StderrPercent: 30, RotateEvery: 90}

func TestGenerateIsDeterministic(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	assert.Equal(t, Generate(t, one, busy), Generate(t, two, busy))
	assert.Equal(t, filesBelow(t, one), filesBelow(t, two))

	other := busy
	other.Seed = 8
	assert.NotEqual(t, Generate(t, t.TempDir(), busy), Generate(t, t.TempDir(), other))
}

func TestGeneratedFilesHoldWhatIsExpected(t *testing.T) {
	root := t.TempDir()
	want := Generate(t, root, busy)
	require.Len(t, want, 2003)
	assert.Len(t, podsOf(want), 5)

	var got []Record
	for _, pod := range podsOf(want) {
		lines := parseCRI(t, logOf(t, root, pod))
		assert.True(t, slices.IsSortedFunc(lines, func(a, b criLine) int { return a.time.Compare(b.time) }))
		for _, l := range joinCRI(lines) {
			got = append(got, recordOf(Expected{Pod: pod, Stream: l.stream, Body: l.text, Time: l.time}))
		}
	}
	assert.Len(t, got, 2003)
	assert.Empty(t, Compare(want, got).String())
}

func podsOf(expected []Expected) []Pod {
	var pods []Pod
	for _, e := range expected {
		if !slices.Contains(pods, e.Pod) {
			pods = append(pods, e.Pod)
		}
	}
	return pods
}

func TestGeneratedFilesRotate(t *testing.T) {
	root := t.TempDir()
	want := Generate(t, root, GenerateOptions{Pods: 1, Lines: 100, RotateEvery: 30, NoInterleave: true})
	names := namesIn(t, filepath.Dir(want[0].Pod.LogPath(root)))
	require.Len(t, names, 4)
	stamped := regexp.MustCompile(`^\d\.log\.20260102-\d{6}(\.gz)?$`)
	for i, name := range names[1:] {
		assert.Regexp(t, stamped, name)
		assert.Equal(t, i < 2, strings.HasSuffix(name, ".gz"), "all but the newest are compressed")
	}
}

func TestGeneratedLinesVary(t *testing.T) {
	want := Generate(t, t.TempDir(), GenerateOptions{Seed: 1, Pods: 3, Lines: 20_000})
	facts := map[string]int{}
	count := func(name string, holds bool) {
		if holds {
			facts[name]++
		}
	}
	seen := map[string]bool{}
	for _, w := range want {
		require.False(t, seen[w.Marker], "%s is there twice", w.Marker)
		seen[w.Marker] = true
		require.Equal(t, []string{w.Marker}, markers(w.Body))
		isJSON := json.Valid([]byte(w.Body))
		long := len(w.Body) > generatedChunk
		require.True(t, !long || len(w.Body) >= 1536 && len(w.Body) <= 4096, "%d bytes", len(w.Body))
		count("json", isJSON)
		count("long", long)
		count("stderr", w.Stream == "stderr")
		count("interleaved", w.Interleaved)
		count("nested", isJSON && strings.Contains(w.Body, `"roles":["admin","ops"]`))
		count("escaped quotes", isJSON && strings.Contains(w.Body, `\"`))
		count("unicode", strings.ContainsFunc(w.Body, func(r rune) bool { return r > 127 }))
		count("leading blank", strings.TrimLeft(w.Body, " \t") != w.Body)
		count("trailing blank", strings.TrimRight(w.Body, " \t") != w.Body)
		count("tab", strings.Contains(w.Body, "\t"))
		count("equals sign", !isJSON && strings.Contains(w.Body, "="))
	}
	for name, around := range map[string]int{"json": 10_000, "long": 600, "stderr": 2_000} {
		assert.InEpsilon(t, around, facts[name], 0.25, name)
	}
	for _, name := range []string{
		"interleaved", "nested", "escaped quotes", "unicode", "leading blank", "trailing blank", "tab", "equals sign",
	} {
		assert.Greater(t, facts[name], 50, name)
	}
}

func TestNegativePercentMeansNone(t *testing.T) {
	want := Generate(t, t.TempDir(), GenerateOptions{
		Lines: 500, PartialPercent: -1, StderrPercent: -1, JSONPercent: -1,
	})
	require.Len(t, want, 500)
	for _, w := range want {
		assert.False(t, strings.HasPrefix(w.Body, "{"))
		assert.Equal(t, "stdout", w.Stream)
		assert.Less(t, len(w.Body), generatedChunk)
	}
}

func TestNoInterleaveKeepsPiecesTogether(t *testing.T) {
	root := t.TempDir()
	opts := busy
	opts.NoInterleave = true
	for _, pod := range podsOf(Generate(t, root, opts)) {
		stream := ""
		for _, l := range parseCRI(t, logOf(t, root, pod)) {
			require.True(t, stream == "" || stream == l.stream)
			if stream = l.stream; l.tag == "F" {
				stream = ""
			}
		}
	}
}
