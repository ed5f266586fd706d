// SPDX-License-Identifier: Apache-2.0

//go:build linux && !race

package journal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

// manyFiles tells a program of these tests to read a folder, and to do nothing else.
const manyFiles = "JOURNAL_TEST_FOLDER"

// Files of many machines whose entries come in turns are all read at the same time.
func TestManyFilesTakeLittleMemory(t *testing.T) {
	if folder := os.Getenv(manyFiles); folder != "" {
		entries := 0
		each(t, open(t, Options{Directories: []string{folder}}), func(*Entry) { entries++ })
		status, err := os.ReadFile("/proc/self/status")
		require.NoError(t, err)
		fmt.Println("entries:", entries, string(status))
		return
	}
	const files, entries = 64, 200
	folder := t.TempDir()
	for n := range files {
		f := journaltest.Create(t, filepath.Join(folder, fmt.Sprintf("remote-%d.journal", n)), journaltest.Options{
			FileID: id(byte(n + 1)), SeqnumID: id(byte(n + 1)), Step: 1 << 20,
		})
		for i := range entries {
			f.Append(journaltest.Entry{Realtime: uint64(1e15 + i*1000 + n), Fields: []journaltest.Field{
				{Name: "MESSAGE", Value: strconv.Itoa(i) + strings.Repeat(" text", 500)}, {Name: "_HOSTNAME", Value: fmt.Sprint("host-", n)},
			}})
		}
		f.Archive()
	}
	// Another process reads them: this one has them all in memory.
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self, "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), manyFiles+"="+folder)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), fmt.Sprint("entries: ", files*entries))
	_, rest, _ := strings.Cut(string(out), "VmHWM:")
	var peak int
	_, err = fmt.Sscan(rest, &peak)
	require.NoError(t, err, "%s", out)
	t.Logf("at most %d kB", peak)
	assert.Less(t, peak, 50<<10, "kB at the peak")
}
