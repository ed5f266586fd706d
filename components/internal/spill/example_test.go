// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// example is the copy that docs/formats/spill.md shows.
var example = Header{Path: "/a.log", Identity: []byte("id"), Start: 258}

// shown are the bytes that the document shows: what stands before two blanks.
func shown(t *testing.T) []byte {
	t.Helper()
	document, err := os.ReadFile("../../../docs/formats/spill.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(document), "```\n7472")
	require.True(t, found)
	block, _, found = strings.Cut("7472"+block, "```")
	require.True(t, found)
	digits := regexp.MustCompile(`(?m)  .*$|\s`).ReplaceAllString(block, "")
	b, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return b
}

func TestTheBytesOfTheDocument(t *testing.T) {
	want := shown(t)
	f := &File{store: &Store{}}
	f, err := f.scan(bytes.NewReader(want), int64(len(want)), make([]byte, maxData))
	require.NoError(t, err)
	assert.Equal(t, example, f.Header)
	z := newFuzzed()
	got, err := z.read(f, want)
	require.Error(t, err)
	assert.Equal(t, "one\ntwo\n", string(got))

	s := open(t, t.TempDir(), 1<<20)
	w, err := s.Create(example)
	require.NoError(t, err)
	_, err = w.Write([]byte("one\ntwo\n"))
	require.NoError(t, err)
	f, err = w.Commit()
	require.NoError(t, err)
	written, err := os.ReadFile(f.path())
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(want), hex.EncodeToString(written))
}
