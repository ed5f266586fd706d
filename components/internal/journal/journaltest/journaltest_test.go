// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The results are those of the papers' reference code.
func TestHashes(t *testing.T) {
	assert.Equal(t, uint64(0xdeadbeef_deadbeef), jenkins(nil))
	assert.Equal(t, uint64(0x17770551_ce7226e6), jenkins([]byte("Four score and seven years ago")))
	var key [16]byte
	var data []byte
	for i := range byte(16) {
		key[i] = i
	}
	for i := range byte(15) {
		data = append(data, i)
	}
	assert.Equal(t, uint64(0xa129ca6149be45e5), sip(key, data))
	assert.Equal(t, uint64(0x726fdb47dd0e0e31), sip(key, nil))
}

// combinations calls test for all combinations of properties and some sizes of
// the header.
func combinations(t *testing.T, test func(t *testing.T, o Options)) {
	for _, compression := range []Compression{None, XZ, LZ4, Zstd} {
		for _, compact := range []bool{false, true} {
			for _, keyed := range []bool{false, true} {
				for _, header := range []int{208, 224, 240, 256, 264, 272} {
					o := Options{Compression: compression, Compact: compact, Keyed: keyed, HeaderSize: header}
					t.Run(fmt.Sprintf("%s, compact %t, keyed %t, header %d", compression, compact, keyed, header), func(t *testing.T) {
						test(t, o)
					})
				}
			}
		}
	}
}

// fill appends entries of every kind and returns how many.
func fill(f *File) int {
	const shared = 40
	long := strings.Repeat("a long value ", 200)
	for i := range shared {
		f.Append(Entry{Fields: []Field{
			{"MESSAGE", fmt.Sprint("message ", i)}, {"_SYSTEMD_UNIT", fmt.Sprintf("unit-%d.service", i%3)}, {"PRIORITY", "6"},
		}})
	}
	f.Append(Entry{BootID: repeated(0xb1), Monotonic: 5, Fields: []Field{{"MESSAGE", "another boot"}, {"EMPTY", ""}}})
	f.Append(Entry{Seqnum: 1000, Fields: []Field{{"NO_MESSAGE", "1"}, {"TAG", "a"}, {"TAG", "b"}}})
	f.Append(Entry{Fields: []Field{{"MESSAGE", long}, {"BINARY", "\x00\xff\n" + long}}})
	return shared + 3
}

func journalctl(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skipf("this needs journalctl, of the Debian package systemd: %v", err)
	}
	command := exec.Command(path, args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	// What is wrong with a file is a message at most.
	for line := range strings.Lines(stderr.String()) {
		assert.Contains(t, line, "PASS")
	}
	return string(out)
}

func TestJournalctlReadsWhatIsWritten(t *testing.T) {
	combinations(t, func(t *testing.T, o Options) {
		path := filepath.Join(t.TempDir(), "test.journal")
		f := Create(t, path, o)
		want := fill(f)
		f.Archive()

		journalctl(t, "--verify", "--file", path)
		out := journalctl(t, "--file", path, "-o", "export", "--no-pager")
		assert.Equal(t, want, strings.Count(out, "__CURSOR="))
		assert.Contains(t, out, "NO_MESSAGE=1\nTAG=a\nTAG=b\n")
		assert.Contains(t, out, "EMPTY=\n")
		assert.Contains(t, out, "i=3e8;")
		assert.Contains(t, out, strings.Repeat("a long value ", 200)+"\n")
		// By the lists and hash tables.
		out = journalctl(t, "--file", path, "-o", "export", "--no-pager", "_SYSTEMD_UNIT=unit-1.service")
		assert.Equal(t, 13, strings.Count(out, "__CURSOR="))
		assert.ElementsMatch(t, []string{"unit-0.service", "unit-1.service", "unit-2.service"},
			strings.Fields(journalctl(t, "--file", path, "-F", "_SYSTEMD_UNIT")))
	})
}

func TestEveryCompressionIsUsed(t *testing.T) {
	for _, compression := range []Compression{XZ, LZ4, Zstd} {
		f := Create(t, "", Options{Compression: compression})
		f.Append(Entry{Fields: []Field{{"MESSAGE", strings.Repeat("again ", 1000)}}})
		assert.NotContains(t, string(f.Bytes()), "again again again again", compression)
	}
}

func TestTheWritesMakeTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.journal")
	f := Create(t, path, Options{Compact: true, Compression: Zstd})
	fill(f)
	f.Archive()
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, f.Bytes(), written)

	copied, err := os.Create(filepath.Join(t.TempDir(), "copy.journal"))
	require.NoError(t, err)
	defer copied.Close()
	for _, w := range f.Writes() {
		require.NoError(t, w.Apply(copied))
	}
	again, err := os.ReadFile(copied.Name())
	require.NoError(t, err)
	assert.Equal(t, written, again)
}
