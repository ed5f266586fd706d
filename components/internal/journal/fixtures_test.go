// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unpackFixture writes the files of a fixture into a folder.
func unpackFixture(t testing.TB, fixture string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files, err := filepath.Glob(filepath.Join("testdata", fixture, "*.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gz")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), gunzip(t, file), 0o600))
	}
	return dir
}

func fixtures(t testing.TB) (names []string) {
	t.Helper()
	exports, err := filepath.Glob("testdata/*.export.gz")
	require.NoError(t, err)
	require.NotEmpty(t, exports)
	for _, path := range exports {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".export.gz"))
	}
	return names
}

// sequenceLines are what newer versions of journalctl repeat of the cursor.
var sequenceLines = regexp.MustCompile(`(?m)^__SEQNUM(_ID)?=.*\n`)

func TestFixturesAreReadAsJournalctlReadsThem(t *testing.T) {
	for _, fixture := range fixtures(t) {
		t.Run(fixture, func(t *testing.T) {
			var told troubles
			r := open(t, Options{
				Files: []string{filepath.Join(unpackFixture(t, fixture), "*.journal*")}, MaxFieldBytes: 4 << 20, Trouble: told.tell,
			})
			var got bytes.Buffer
			each(t, r, func(e *Entry) { export(&got, e) })
			assert.Empty(t, told)
			want := gunzip(t, filepath.Join("testdata", fixture+".export.gz"))
			equalExports(t, sequenceLines.ReplaceAll(want, nil), got.Bytes())
		})
	}
}

// equalExports shows the first difference, not megabytes.
func equalExports(t *testing.T, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	same := 0
	for same < min(len(want), len(got)) && want[same] == got[same] {
		same++
	}
	around := func(b []byte) []byte { return b[max(0, min(same, len(b))-200):min(same+200, len(b))] }
	t.Errorf("%d bytes instead of %d, not the same from byte %d on:\n%q\nwanted:\n%q", len(got), len(want), same, around(got), around(want))
}

func TestFixturesAreResumedAfterEachEntry(t *testing.T) {
	dir := unpackFixture(t, "252-daemon")
	o := Options{Files: []string{filepath.Join(dir, "*.journal*")}}
	var all []Cursor
	each(t, open(t, o), func(e *Entry) { all = append(all, e.Cursor) })
	require.NotEmpty(t, all)
	for i, cursor := range all {
		again, err := ParseCursor(cursor.String())
		require.NoError(t, err)
		r := open(t, o)
		r.SeekCursor(again)
		var rest []Cursor
		each(t, r, func(e *Entry) { rest = append(rest, e.Cursor) })
		require.Equal(t, append([]Cursor{}, all[i+1:]...), append([]Cursor{}, rest...), "after entry %d of %d", i, len(all))
	}
}
