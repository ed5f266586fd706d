// SPDX-License-Identifier: Apache-2.0

package deadletter

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type letter struct {
	Text string `json:"text"`
}

// newFile returns a file that does not exist yet, in a folder that does not either.
func newFile(t *testing.T, maxBytes int64) *File {
	t.Helper()
	f := New(filepath.Join(t.TempDir(), "new", "folder", "letters.jsonl"), maxBytes)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// read returns the texts in a file; none when there is no file.
func read(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	defer file.Close()
	var all []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var l letter
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l), lines.Text())
		all = append(all, l.Text)
	}
	require.NoError(t, lines.Err())
	return all
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	require.NoError(t, err)
	return info.Size()
}

func TestRecordsAreLinesOfJSON(t *testing.T) {
	f := newFile(t, 1<<20)
	assert.NoFileExists(t, f.Path(), "nothing is created in advance")
	require.NoError(t, f.Write(letter{"one"}, letter{"<two> & \n three"}))
	require.NoError(t, f.Write(letter{"four"}))
	text, err := os.ReadFile(f.Path())
	require.NoError(t, err)
	assert.Equal(t, `{"text":"one"}`+"\n"+`{"text":"<two> & \n three"}`+"\n"+`{"text":"four"}`+"\n", string(text))
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	f := newFile(t, 1<<20)
	require.NoError(t, f.Write(letter{"one"}))
	for path, want := range map[string]fs.FileMode{f.Path(): 0o600, filepath.Dir(f.Path()): 0o700} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm(), path)
	}
}

func TestTheSizeIsBounded(t *testing.T) {
	const limit = 1000
	f := newFile(t, limit)
	var written []string
	for i := range 200 {
		text := fmt.Sprint(i)
		require.NoError(t, f.Write(letter{text}))
		written = append(written, text)
		require.LessOrEqual(t, size(t, f.Path())+size(t, f.Path()+".1"), int64(limit))
		kept := append(read(t, f.Path()+".1"), read(t, f.Path())...)
		require.Equal(t, written[len(written)-len(kept):], kept, "the newest ones, in their order")
		if i > 50 {
			require.Greater(t, len(kept), 20, "as many as there is room for")
		}
	}
}

func TestABatchLargerThanTheLimitIsKeptWhole(t *testing.T) {
	f := newFile(t, 100)
	long := strings.Repeat("x", 500)
	require.NoError(t, f.Write(letter{"before"}))
	require.NoError(t, f.Write(letter{long}))
	assert.Equal(t, []string{"before"}, read(t, f.Path()+".1"))
	assert.Equal(t, []string{long}, read(t, f.Path()))
	require.NoError(t, f.Write(letter{"after"}))
	assert.Equal(t, []string{long}, read(t, f.Path()+".1"))
	assert.Equal(t, []string{"after"}, read(t, f.Path()))
}

func TestAFileIsContinued(t *testing.T) {
	f := newFile(t, 40)
	require.NoError(t, f.Write(letter{"one"}))
	require.NoError(t, f.Close())
	require.NoError(t, f.Close(), "twice does no harm")
	require.NoError(t, f.Write(letter{"two"}), "closing is not the end")
	assert.Equal(t, []string{"two"}, read(t, f.Path()), "its size is known")
	assert.Equal(t, []string{"one"}, read(t, f.Path()+".1"))

	other := New(f.Path(), 1<<20)
	require.NoError(t, other.Write(letter{"three"}))
	require.NoError(t, other.Close())
	assert.Equal(t, []string{"two", "three"}, read(t, f.Path()))
}

func TestATornLineEndsBeforeTheNextRecord(t *testing.T) {
	f := newFile(t, 1<<20)
	require.NoError(t, os.MkdirAll(filepath.Dir(f.Path()), 0o700))
	require.NoError(t, os.WriteFile(f.Path(), []byte(`{"text":"one"}`+"\n"+`{"text":"to`), 0o600))
	require.NoError(t, f.Write(letter{"three"}))
	text, err := os.ReadFile(f.Path())
	require.NoError(t, err)
	assert.Equal(t, `{"text":"one"}`+"\n"+`{"text":"to`+"\n"+`{"text":"three"}`+"\n", string(text))
}

func TestAFileThatWasTakenAwayIsMadeAnew(t *testing.T) {
	f := newFile(t, 1<<20)
	require.NoError(t, f.Write(letter{"one"}))
	require.NoError(t, os.Rename(f.Path(), f.Path()+".taken"))
	require.NoError(t, f.Write(letter{"two"}))
	assert.Equal(t, []string{"one"}, read(t, f.Path()+".taken"))
	assert.Equal(t, []string{"two"}, read(t, f.Path()))

	require.NoError(t, os.RemoveAll(filepath.Dir(f.Path())))
	require.NoError(t, f.Write(letter{"three"}), "with its folder")
	assert.Equal(t, []string{"three"}, read(t, f.Path()))

	require.NoError(t, os.Rename(f.Path(), f.Path()+".taken"))
	require.NoError(t, os.WriteFile(f.Path(), []byte(`{"text":"of somebody"}`+"\n"), 0o600))
	require.NoError(t, f.Write(letter{"four"}))
	assert.Equal(t, []string{"of somebody", "four"}, read(t, f.Path()))
}

func TestTroubleIsAnErrorUntilItIsOver(t *testing.T) {
	for _, tt := range []struct {
		name  string
		begin func(t *testing.T, path string)
		end   func(t *testing.T, path string)
		want  string
	}{
		{
			name:  "the folder is a file",
			begin: func(t *testing.T, path string) { require.NoError(t, os.WriteFile(filepath.Dir(path), nil, 0o600)) },
			end:   func(t *testing.T, path string) { require.NoError(t, os.Remove(filepath.Dir(path))) },
			want:  "not a directory",
		},
		{
			name:  "the file is a folder",
			begin: func(t *testing.T, path string) { require.NoError(t, os.MkdirAll(path, 0o700)) },
			end:   func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
			want:  "is a directory",
		},
		{
			name: "the file is a device",
			begin: func(t *testing.T, path string) {
				require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
				require.NoError(t, os.Symlink("/dev/null", path))
			},
			end:  func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
			want: "is not a regular file",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := New(filepath.Join(t.TempDir(), "folder", "letters.jsonl"), 1<<20)
			defer func() { require.NoError(t, f.Close()) }()
			tt.begin(t, f.Path())
			for range 2 {
				err := f.Write(letter{"lost"})
				require.ErrorContains(t, err, "write dead letters: ")
				require.ErrorContains(t, err, tt.want)
			}
			tt.end(t, f.Path())
			require.NoError(t, f.Write(letter{"kept"}))
			assert.Equal(t, []string{"kept"}, read(t, f.Path()))
		})
	}
}

func TestAFullDiskIsAnErrorUntilThereIsRoom(t *testing.T) {
	f := newFile(t, 1<<20)
	require.NoError(t, f.Write(letter{"one"}))
	// What the file was opened for does not matter: like on a full disk, no write
	// succeeds.
	readOnly, err := os.Open(f.Path())
	require.NoError(t, err)
	require.NoError(t, f.file.Close())
	f.file = readOnly
	require.ErrorContains(t, f.Write(letter{"lost"}), "write dead letters: write ")
	require.NoError(t, f.Write(letter{"two"}), "it is opened anew")
	assert.Equal(t, []string{"one", "two"}, read(t, f.Path()))
}

func TestAPredecessorThatCannotBeReplaced(t *testing.T) {
	f := newFile(t, 40)
	require.NoError(t, f.Write(letter{"one"}))
	require.NoError(t, os.MkdirAll(filepath.Join(f.Path()+".1", "full"), 0o700))
	require.ErrorContains(t, f.Write(letter{"lost"}), "rename ")
	require.NoError(t, os.RemoveAll(f.Path()+".1"))
	require.NoError(t, f.Write(letter{"two"}))
	assert.Equal(t, []string{"one"}, read(t, f.Path()+".1"))
	assert.Equal(t, []string{"two"}, read(t, f.Path()))
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	f := newFile(t, 1<<20)
	require.ErrorContains(t, f.Write(letter{"one"}, func() {}), "encode dead letter: ")
	assert.Empty(t, read(t, f.Path()), "nothing of it is written")
}

func TestManyWriters(t *testing.T) {
	f := newFile(t, 1<<20)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 25 {
				assert.NoError(t, f.Write(letter{fmt.Sprintf("%d-%d", i, j)}, letter{"second"}))
			}
		})
	}
	all.Wait()
	texts := read(t, f.Path())
	require.Len(t, texts, 8*25*2)
	last := map[string]int{}
	for i := 0; i < len(texts); i += 2 {
		assert.Equal(t, "second", texts[i+1], "the records of a call stay together")
		var writer string
		var n int
		_, err := fmt.Sscanf(strings.Replace(texts[i], "-", " ", 1), "%s %d", &writer, &n)
		require.NoError(t, err)
		assert.Equal(t, last[writer], n, "in the order of the writer")
		last[writer]++
	}
}

// What is on the disk under no name is lost in a power cut, and so is a letter that was renamed.
func TestTheNameIsOnTheDiskBeforeALetterCounts(t *testing.T) {
	f := newFile(t, 40)
	var synced []string
	broken := errors.New("the disk is broken")
	f.syncFolder = func(path string) error {
		require.FileExists(t, f.path)
		synced = append(synced, path)
		return broken
	}
	require.ErrorIs(t, f.Write(letter{"one"}), broken)
	broken = nil
	require.NoError(t, f.Write(letter{"one"}))
	folder := filepath.Dir(f.path)
	assert.Equal(t, []string{folder, folder}, synced)
	require.NoError(t, f.Write(letter{"two, after which the file is renamed"}))
	assert.Equal(t, []string{"one"}, read(t, f.path+".1"))
	assert.Equal(t, []string{folder, folder, folder}, synced)
}
