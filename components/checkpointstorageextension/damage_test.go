// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// two has two versions in its snapshots: the second in .b, which is the newest.
func two(t *testing.T) (d *fakeDisk, older, newest []byte) {
	d = diskWith(t, 2)
	return d, d.names[file+".a"].data, d.names[file+".b"].data
}

func flipped(data []byte, at int, by byte) []byte {
	data = append([]byte{}, data...)
	data[at] ^= by
	return data
}

func TestAnyByteOfASnapshotMayChange(t *testing.T) {
	_, older, newest := two(t)
	for at := range max(len(older), len(newest)) {
		for _, by := range []byte{1, 0x80, 0xff} {
			d, _, _ := two(t)
			if at < len(newest) {
				d.put(file+".b", flipped(newest, at, by))
				require.Equal(t, version(1), content(t, openOn(t, d)), "byte %d of the newest", at)
			}
			d, _, _ = two(t)
			if at < len(older) {
				d.put(file+".a", flipped(older, at, by))
				require.Equal(t, version(2), content(t, openOn(t, d)), "byte %d of the older", at)
			}
			d.put(file+".b", flipped(newest, min(at, len(newest)-1), by))
			if at < len(older) {
				require.Equal(t, version(0), content(t, openOn(t, d)), "byte %d of both", at)
			}
		}
	}
}

func TestASnapshotMayBeCutAnywhere(t *testing.T) {
	_, older, newest := two(t)
	for length := range len(newest) {
		d, _, _ := two(t)
		d.put(file+".b", newest[:length])
		require.Equal(t, version(1), content(t, openOn(t, d)), "the newest has %d bytes", length)
		d, _, _ = two(t)
		if length < len(older) {
			d.put(file+".a", older[:length])
			require.Equal(t, version(2), content(t, openOn(t, d)), "the older has %d bytes", length)
			d.put(file+".b", newest[:length])
			require.Equal(t, version(0), content(t, openOn(t, d)), "both have %d bytes", length)
		}
	}
}

// withChecksum makes a snapshot valid again, as only another program would.
func withChecksum(data []byte) []byte {
	body := data[:len(data)-checksumBytes]
	return binary.BigEndian.AppendUint32(append([]byte{}, body...), crc32.Checksum(body, castagnoli))
}

func TestWhatIsInTheFiles(t *testing.T) {
	random := make([]byte, 4096)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	encoded := func(sequence uint64, owner string, n int) []byte {
		return appendSnapshot(nil, owner, &snapshot{sequence, records(version(n))})
	}
	for _, c := range []struct {
		name string
		a, b []byte
		want int
		// bad is why files are unusable.
		bad []string
	}{
		{name: "nothing"},
		{name: "one snapshot", a: encoded(1, file, 1), want: 1},
		{name: "the other one alone", b: encoded(1, file, 1), want: 1},
		{name: "the larger number is newer", a: encoded(9, file, 1), b: encoded(10, file, 2), want: 2},
		{name: "in either file", a: encoded(10, file, 1), b: encoded(9, file, 2), want: 1},
		{name: "an old copy of the newest", a: encoded(9, file, 1), b: encoded(2, file, 2), want: 1},
		{name: "old copies of both", a: encoded(3, file, 1), b: encoded(2, file, 2), want: 1},
		{name: "the same copy twice", a: encoded(3, file, 1), b: encoded(3, file, 1), want: 1},
		{name: "after the largest number comes 0", a: encoded(1<<64-1, file, 1), b: encoded(0, file, 2), want: 2},
		{name: "empty", a: []byte{}, b: encoded(1, file, 1), want: 1, bad: []string{"length"}},
		{name: "zeros", a: make([]byte, 200), b: encoded(1, file, 1), want: 1, bad: []string{"magic"}},
		{name: "random bytes in both", a: random, b: random[:100], bad: []string{"magic", "magic"}},
		{name: "something appended", a: append(encoded(2, file, 2), 0), b: encoded(1, file, 1), want: 1, bad: []string{"length"}},
		{name: "two in one file", a: append(encoded(2, file, 2), encoded(3, file, 2)...), b: encoded(1, file, 1), want: 1, bad: []string{"length"}},
		{name: "the state of somebody else", a: encoded(2, "receiver+other", 2), b: encoded(1, file, 1), want: 1, bad: []string{"owner"}},
		{name: "a newer format", a: withChecksum(flipped(encoded(2, file, 2), 11, 3)), b: encoded(1, file, 1), want: 1, bad: []string{"version"}},
		{name: "fewer records than said", a: withChecksum(flipped(encoded(2, file, 2), 32+len(file)+3, 4)), want: 0, bad: []string{"records"}},
		{name: "more records than said", a: withChecksum(flipped(encoded(2, file, 2), 32+len(file)+3, 1)), want: 0, bad: []string{"records"}},
		{name: "billions of records", a: withChecksum(flipped(encoded(2, file, 2), 32+len(file), 0xff)), want: 0, bad: []string{"records"}},
		{name: "a key of billions of bytes", a: withChecksum(flipped(encoded(2, file, 2), 36+len(file), 0xff)), want: 0, bad: []string{"records"}},
		{name: "keys out of order", a: withChecksum(flipped(encoded(2, file, 2), 40+len(file), 'a'^'z')), want: 0, bad: []string{"records"}},
		{name: "an owner of billions of bytes", a: withChecksum(flipped(encoded(2, file, 2), 28, 0xff)), want: 0, bad: []string{"owner"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			directory := t.TempDir()
			for name, data := range map[string][]byte{".a": c.a, ".b": c.b} {
				if data != nil {
					writeFile(t, directory, file+name, data)
				}
			}
			r := start(t, directory)
			client := r.client(t)
			assert.Equal(t, version(c.want), content(t, client))
			assert.Equal(t, int64(len(c.bad)), r.sum(t, "damaged_snapshots"))
			for _, reason := range c.bad {
				assert.NotZero(t, r.logs.FilterField(zap.String("reason", reason)).Len(), reason)
			}
			empty := int64(0)
			if c.want == 0 && len(c.bad) > 0 {
				empty = 1
			}
			assert.Equal(t, empty, r.sum(t, "empty_starts"))
			// Nothing that was found can hide what is written now.
			for n := range 3 {
				set(t, client, "next", fmt.Sprint(n))
			}
			r.stop(t)
			assert.Equal(t, "2", stored(t, directory)["next"])
		})
	}
}

func TestDamagedSnapshotsAreKeptAside(t *testing.T) {
	directory := t.TempDir()
	for n := range 7 {
		writeFile(t, directory, file+".a", fmt.Appendf(nil, "damage %d", n))
		r := start(t, directory)
		set(t, r.client(t), "n", fmt.Sprint(n))
		r.stop(t)
	}
	assert.Equal(t, []string{"lock", file + ".1.bad", file + ".2.bad", file + ".3.bad", file + ".4.bad", file + ".a"}, files(t, directory))
	assert.Equal(t, "damage 6", string(readFile(t, directory, file+".1.bad")))
	assert.Equal(t, "damage 3", string(readFile(t, directory, file+".4.bad")))
	assert.Equal(t, map[string]string{"n": "6"}, stored(t, directory))
}

func TestWhatIsNoFileIsNotRead(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
	}{
		{"a folder", func(path string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) }},
		{"a symbolic link", func(path string) error { return os.Symlink("/etc/passwd", path) }},
		{"a symbolic link to itself", func(path string) error { return os.Symlink(path, path) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			directory := t.TempDir()
			require.NoError(t, c.make(filepath.Join(directory, file+".a")))
			require.NoError(t, c.make(filepath.Join(directory, file+".b")))
			r := start(t, directory)
			client := r.client(t)
			assert.Equal(t, int64(2), r.sum(t, "damaged_snapshots"))
			set(t, client, "a", "1")
			set(t, client, "a", "2")
			r.stop(t)
			assert.Equal(t, map[string]string{"a": "2"}, stored(t, directory))
		})
	}
}

func TestWhatAWriteLeftIsRemoved(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{file + ".a.tmp", file + ".b.tmp", "exporter+gone.a.tmp", "mine.tmp", "notes.txt"} {
		writeFile(t, directory, name, []byte("x"))
	}
	r := start(t, directory)
	assert.ElementsMatch(t, []string{"lock", "mine.tmp", "notes.txt"}, files(t, directory))
	r.stop(t)
}
