// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

// small is a small file with some of everything.
func small(t testing.TB, o journaltest.Options) []byte {
	o.Step, o.DataBuckets, o.FieldBuckets, o.CompressAbove = 512, 2, 2, 64
	f := journaltest.Create(t, "", o)
	for i := range 6 {
		f.Append(journaltest.Entry{Fields: []journaltest.Field{
			{Name: "MESSAGE", Value: fmt.Sprintf("message %d %090d", i, i)}, {Name: "PRIORITY", Value: "6"}, {Name: "EMPTY"},
		}})
	}
	f.SetState(journaltest.Archived)
	return f.Bytes()
}

// FuzzFile reads any bytes as a file. Reading has to end, and without a panic.
func FuzzFile(f *testing.F) {
	for _, o := range layouts() {
		f.Add(small(f, o))
	}
	f.Fuzz(readAll)
}

// FuzzDamage changes two parts of good files, which gets deeper into them.
func FuzzDamage(f *testing.F) {
	var files [][]byte
	for i, o := range layouts() {
		file := small(f, o)
		files = append(files, file)
		f.Add(uint8(i), uint16(152), []byte{200}, uint16(len(file)/2), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, which uint8, one uint16, change []byte, two uint16, another []byte) {
		file := append([]byte(nil), files[int(which)%len(files)]...)
		copy(file[int(one)%len(file):], change)
		copy(file[int(two)%len(file):], another)
		readAll(t, file)
	})
}

// FuzzFixtures changes two parts of files that journald itself has written. They are large, so that each is written once and
// put right again; what is changed is not in the empty parts of their tables.
func FuzzFixtures(f *testing.F) {
	type fixture struct {
		path    string
		content []byte
		// words are the places of the words that are not zero.
		words []int
	}
	var all []fixture
	for i, name := range fixtures(f) {
		files, err := filepath.Glob(filepath.Join(unpackFixture(f, name), "*.journal*"))
		require.NoError(f, err)
		content, err := os.ReadFile(files[0])
		require.NoError(f, err)
		one := fixture{path: files[0], content: content}
		for at := 0; at+8 <= len(content); at += 8 {
			if binary.LittleEndian.Uint64(content[at:]) != 0 {
				one.words = append(one.words, at)
			}
		}
		all = append(all, one)
		f.Add(uint8(i), uint16(19), []byte{200}, uint16(len(one.words)/2), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, which uint8, one uint16, change []byte, two uint16, another []byte) {
		x := all[int(which)%len(all)]
		file, err := os.OpenFile(x.path, os.O_RDWR, 0)
		require.NoError(t, err)
		defer file.Close()
		for _, harm := range []struct {
			word  uint16
			bytes []byte
		}{{one, change}, {two, another}} {
			at := x.words[int(harm.word)%len(x.words)]
			harm.bytes = harm.bytes[:min(len(harm.bytes), len(x.content)-at)]
			_, err := file.WriteAt(harm.bytes, int64(at))
			require.NoError(t, err)
			defer func() {
				_, err := file.WriteAt(x.content[at:at+len(harm.bytes)], int64(at))
				require.NoError(t, err)
			}()
		}
		readFile(t, x.path, len(x.content))
	})
}

func readAll(t *testing.T, content []byte) {
	path := filepath.Join(t.TempDir(), "system.journal")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	readFile(t, path, len(content))
}

func readFile(t *testing.T, path string, size int) {
	for _, seek := range []func(*Reader){
		func(*Reader) {}, (*Reader).SeekTail,
		func(r *Reader) { r.SeekRealtime(1_700_000_003_000_000) },
		func(r *Reader) { r.SeekCursor(Cursor{SeqnumID: ID{0x5e}, Seqnum: 3, Realtime: 1_700_000_003_000_000}) },
	} {
		r, err := Open(Options{Files: []string{path}, MaxFieldBytes: 4096, unwatched: true})
		require.NoError(t, err)
		seek(r)
		entries := 0
		each(t, r, func(e *Entry) {
			entries++
			// A slot of a list has four bytes at least.
			require.LessOrEqual(t, entries, size/4)
			require.LessOrEqual(t, len(e.Fields), maxEntryItems)
			for _, field := range e.Fields {
				require.LessOrEqual(t, len(field.Value), 4096)
			}
		})
		require.NoError(t, r.Close())
	}
}
