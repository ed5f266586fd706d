// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

func message(i int) journaltest.Entry {
	return journaltest.Entry{Fields: []journaltest.Field{
		{Name: "MESSAGE", Value: fmt.Sprint("message ", i)}, {Name: "NUMBER", Value: fmt.Sprint(i)},
	}}
}

// patch overwrites a part of a file.
func patch(t *testing.T, path string, offset int64, data string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteAt([]byte(data), offset)
	require.NoError(t, err)
}

func TestADamagedEntryIsSkipped(t *testing.T) {
	for _, c := range []struct {
		name   string
		offset int64
		data   string
	}{
		{"another type of object", 0, "\x06"},
		{"no type at all", 0, "\x00"},
		{"longer than the file", 8, "\xff\xff\xff\xff\xff\xff\xff\x7f"},
		{"shorter than its head", 8, "\x08\x00\x00\x00\x00\x00\x00\x00"},
		{"of zeros", 0, strings.Repeat("\x00", 64)},
		{"a field where there is nothing", 64, "\xf8\xff\xff\xff\xff\xff\xff\x7f"},
		{"a field at an odd offset", 64, "\x01\x10\x00\x00\x00\x00\x00\x00"},
	} {
		for _, compact := range []bool{false, true} {
			if compact && c.offset == 64 {
				c.data = c.data[:4]
			}
			t.Run(fmt.Sprintf("%s, compact %t", c.name, compact), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "system.journal")
				f := journaltest.Create(t, path, journaltest.Options{Compact: compact})
				var offsets []uint64
				for i := range 10 {
					offsets = append(offsets, f.Append(message(i)))
				}
				f.Archive()
				patch(t, path, int64(offsets[4])+c.offset, c.data)

				var told troubles
				r := open(t, Options{Files: []string{path}, Trouble: told.tell})
				var got []string
				for _, m := range drain(t, r) {
					// What is left of it may be returned without the field.
					if m != "" {
						got = append(got, m)
					}
				}
				assert.Equal(t, []string{
					"message 0", "message 1", "message 2", "message 3", "message 5", "message 6", "message 7", "message 8", "message 9",
				}, got)
				assert.Equal(t, 1, told.of(Damaged), told)
				assert.Equal(t, int64(1), r.Stats().Damaged)
			})
		}
	}
}

func TestAnEntryOfWhichNothingIsLeftIsCountedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system.journal")
	f := journaltest.Create(t, path, journaltest.Options{})
	at := f.Append(journaltest.Entry{Fields: []journaltest.Field{{Name: "MESSAGE", Value: "one"}}})
	f.Append(message(2))
	f.Archive()
	patch(t, path, int64(at)+64, "\x01\x10\x00\x00\x00\x00\x00\x00")
	var told troubles
	r := open(t, Options{Files: []string{path}, Trouble: told.tell})
	assert.Equal(t, []string{"message 2"}, drain(t, r))
	assert.Equal(t, 1, told.of(Damaged), told)
	assert.EqualValues(t, 1, r.Stats().Damaged)
}

// A header may claim what it likes.
func TestAFileHasNoMoreEntriesThanFitIntoIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system.journal")
	f := journaltest.Create(t, path, journaltest.Options{})
	f.Append(message(1))
	f.Archive()
	patch(t, path, 96, "\x00\x00\x00\x00\xff\x00\x00\x00")
	patch(t, path, 152, "\x51\x01\x52\x06\x00\x00\x00\x00")
	r := open(t, Options{Files: []string{path}})
	assert.Equal(t, []string{"message 1"}, drain(t, r))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.LessOrEqual(t, r.Stats().Damaged, info.Size()/entryHead)
}

// A header and an object that claim more than there is must not be believed by what they
// are read into.
func TestAFileThatClaimsMuchTakesNoMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system.journal")
	f := journaltest.Create(t, path, journaltest.Options{Compression: journaltest.XZ})
	at := f.Append(journaltest.Entry{Fields: []journaltest.Field{{Name: "MESSAGE", Value: strings.Repeat("x", 4096)}}})
	content := f.Bytes()
	f.Archive()
	field := int64(binary.LittleEndian.Uint64(content[at+64:]))
	patch(t, path, 96, "\x00\x00\x00\x00\x01\x00\x00\x00")      // The file claims 4 GiB,
	patch(t, path, field+8, "\x00\x00\x00\x03\x00\x00\x00\x00") // and the field 48 MiB.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var told troubles
	r := open(t, Options{Files: []string{path}, Trouble: told.tell})
	assert.Empty(t, drain(t, r))
	runtime.ReadMemStats(&after)
	assert.Equal(t, 1, told.of(Damaged), told)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

func TestAFileWithAnUnknownPropertyIsRefusedAndOthersAreRead(t *testing.T) {
	dir := t.TempDir()
	unknown := journaltest.Create(t, filepath.Join(dir, "system.journal"), journaltest.Options{Incompatible: 1 << 9})
	unknown.Append(message(0))
	unknown.Archive()
	known := journaltest.Create(t, filepath.Join(dir, "user-1000.journal"), journaltest.Options{Compatible: 1 << 9, FileID: [16]byte{2}})
	known.Append(message(1))
	known.Archive()

	var told troubles
	r := open(t, Options{Files: []string{filepath.Join(dir, "*.journal")}, Trouble: told.tell})
	assert.Equal(t, []string{"message 1"}, drain(t, r))
	require.Len(t, told, 1)
	assert.Contains(t, told[0], "unsupported: ")
	assert.Contains(t, told[0], "0x200")
	assert.Equal(t, 1, r.Stats().Troubled)
}

func TestAFileThatIsTakenAwayUnderTheReaderEndsAndOthersGoOn(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(t *testing.T, path string)
		// gone says that the whole file is.
		gone bool
	}{
		{"truncated", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) }, true},
		{"zeroed", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			patch(t, path, 0, strings.Repeat("\x00", int(info.Size())))
			require.NoError(t, os.Remove(path))
		}, true},
		{"cut in the middle", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 4096)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "system@old.journal")
			old := journaltest.Create(t, path, journaltest.Options{FileID: [16]byte{1}})
			const entries = 3000
			for i := range entries {
				old.Append(message(i))
			}
			old.Archive()
			current := journaltest.Create(t, filepath.Join(dir, "system.journal"), journaltest.Options{FileID: [16]byte{2}})
			current.Append(journaltest.Entry{Seqnum: entries + 1, Realtime: 1_800_000_000_000_000, Monotonic: 1 << 50, Fields: message(-1).Fields})

			var told troubles
			r := open(t, Options{Files: []string{filepath.Join(dir, "*.journal")}, Trouble: told.tell})
			for i := range 3 {
				e, err := r.Next()
				require.NoError(t, err)
				require.NotNil(t, e)
				require.Equal(t, message(i).Fields[0].Value, e.Fields[0].Value)
			}
			c.take(t, path)
			rest := drain(t, r)
			require.NotEmpty(t, rest)
			assert.Equal(t, "message -1", rest[len(rest)-1])
			// What was read ahead may still come.
			for i, m := range rest[:len(rest)-1] {
				require.Equal(t, message(3 + i).Fields[0].Value, m)
			}
			if c.gone {
				assert.Zero(t, r.Stats().Damaged, told)
				assert.Equal(t, 1, told.of(Vacuumed), told)
			}
			assert.Equal(t, int64(entries+1), r.Stats().Entries+r.Stats().Lost+r.Stats().Damaged, told)
			current.Append(journaltest.Entry{Seqnum: entries + 2, Fields: message(-2).Fields})
			assert.Equal(t, []string{"message -2"}, drain(t, r))
		})
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	const size, limit = 64 << 20, 64 << 10
	bomb := strings.Repeat("\x00", size)
	for _, compression := range []journaltest.Compression{journaltest.XZ, journaltest.LZ4, journaltest.Zstd} {
		t.Run(compression.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "system.journal")
			f := journaltest.Create(t, path, journaltest.Options{Compression: compression})
			f.Append(journaltest.Entry{Fields: []journaltest.Field{{Name: "BOMB", Value: bomb}, {Name: "MESSAGE", Value: "with a bomb"}}})
			f.Append(message(1))
			f.Archive()

			r := open(t, Options{Files: []string{path}, MaxFieldBytes: limit})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var messages []string
			each(t, r, func(e *Entry) {
				m, _ := e.Get("MESSAGE")
				messages = append(messages, m)
				if value, found := e.Get("BOMB"); found {
					assert.LessOrEqual(t, len(value), limit)
				}
			})
			runtime.ReadMemStats(&after)
			assert.Equal(t, []string{"with a bomb", "message 1"}, messages)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		})
	}
}
