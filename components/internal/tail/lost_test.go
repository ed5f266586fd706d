// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// atOnce runs a test in which time passes only while everybody waits. Changes are found
// by looking, for the kernel's reports come in the time of the machine.
func atOnce(t *testing.T, test func(*testing.T, *node)) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t)
		n.options.NoWatch = true
		n.options.ScanInterval, n.options.Quiet = time.Second, 5*time.Second
		test(t, n)
		n.kill()
	})
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// zipped is an archive of a text.
func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// faulty is the machine's file system with faults.
type faulty struct {
	FS
	// lstat makes looking at a name fail, stat looking at an open file; read, if it is
	// not 0, lets that many bytes of a file be read, and fails with the rest.
	lstat atomic.Bool
	stat  atomic.Bool
	read  atomic.Int64
	reads atomic.Int64
}

func (f *faulty) Lstat(path string) (Info, error) {
	if f.lstat.Load() {
		return Info{}, &os.PathError{Op: "lstat", Path: path, Err: syscall.EIO}
	}
	return f.FS.Lstat(path)
}

func (f *faulty) Open(root string, parts ...string) (Handle, error) {
	h, err := f.FS.Open(root, parts...)
	if err != nil {
		return nil, err
	}
	return &faultyHandle{h, f}, nil
}

type faultyHandle struct {
	Handle
	fs *faulty
}

func (h *faultyHandle) Stat() (Info, error) {
	if h.fs.stat.Load() {
		return Info{}, syscall.EIO
	}
	return h.Handle.Stat()
}

func (h *faultyHandle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.reads.Add(1)
	end := h.fs.read.Load()
	if end == 0 || off+int64(len(p)) <= end {
		return h.Handle.ReadAt(p, off)
	}
	n := 0
	if off < end {
		n, _ = h.Handle.ReadAt(p[:end-off], off)
	}
	return n, syscall.EIO
}

func TestAFileThatWasClosedIsTakenUpAgain(t *testing.T) {
	atOnce(t, func(_ *testing.T, n *node) {
		n.write(web, "0.log", "one")
		n.start()
		pass(10 * time.Second)
		n.rename(web, "0.log", "0.log.20261120-100000")
		pass(30 * time.Second) // It is closed.
		n.write(web, "0.log.20261120-100000", "two")
		pass(30 * time.Second)
		n.wants("one", "two")
		n.rename(web, "0.log.20261120-100000", "0.log") // The runtime went on with the old file.
		pass(30 * time.Second)
		n.write(web, "0.log", "three")
		pass(30 * time.Second)
		n.wants("one", "two", "three")
	})
}

func TestALastLineWithoutAnEndInAnArchiveComes(t *testing.T) {
	atOnce(t, func(_ *testing.T, n *node) {
		n.writeRaw(web, "0.log.20261120-100000.gz", string(zipped(t, "one\ntwo\nthr")))
		n.start()
		pass(30 * time.Second)
		n.wants("one", "two", "thr")
	})
}

func TestWhatIsBeforeTheDamageOfAnArchiveComesToTheLastByte(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		text := strings.Join(numbered(0, 20000), "\n") + "\n"
		raw := zipped(t, text)
		raw = raw[:len(raw)*2/3]
		r, err := gzip.NewReader(bytes.NewReader(raw))
		require.NoError(t, err)
		want, err := io.ReadAll(r)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		n.writeRaw(web, "0.log.20261120-100000.gz", string(raw))
		n.start()
		pass(30 * time.Second)
		assert.Equal(t, string(want), strings.Join(n.lines(), "\n"))
		assert.Equal(t, 1, n.count(DamagedArchive))
	})
}

func TestTheRestOfATruncatedFileIsReadFromItsArchive(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		first, second := numbered(0, 100), numbered(100, 100)
		n.write(web, "0.log", first...)
		n.start()
		pass(10 * time.Second)
		n.set(func() { n.full = true })
		n.write(web, "0.log", second...)
		pass(time.Second)
		// Copied, truncated and compressed before anybody looks.
		require.NoError(t, os.WriteFile(n.path(web, "0.log.1.gz"), zipped(t, strings.Join(slices.Concat(first, second), "\n")+"\n"), 0o644))
		require.NoError(t, os.Truncate(n.path(web, "0.log"), 0))
		pass(10 * time.Second)
		n.set(func() { n.full = false })
		pass(10 * time.Second)
		n.wants(numbered(0, 200)...)
	})
}

func TestAFileOfWhichAPartCannotBeReadIsTriedAgain(t *testing.T) {
	for name, archive := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				disk := &faulty{FS: OS}
				n.options.FS = disk
				long := "one\n" + strings.Repeat("x", 5000) + "\nthree\n"
				if archive {
					// Nothing in it can be made smaller.
					lines := numbered(0, 20000)
					long = strings.Join(lines, "\n") + "\n"
					n.writeRaw(web, "0.log.20261120-100000.gz", string(zipped(t, long)))
					disk.read.Store(20000)
				} else {
					n.writeRaw(web, "0.log", long)
					disk.read.Store(3000)
				}
				n.start()
				pass(20 * time.Second)
				assert.Less(t, disk.reads.Load(), int64(200))
				assert.NotContains(t, n.lines(), "three")
				disk.read.Store(0)
				pass(20 * time.Second)
				assert.Equal(t, long, strings.Join(n.lines(), "\n")+"\n")
				assert.Zero(t, n.count(DamagedArchive))
			})
		})
	}
}

func TestAFileAtWhichNobodyCanLookForAWhileIsNotReadTwice(t *testing.T) {
	atOnce(t, func(_ *testing.T, n *node) {
		disk := &faulty{FS: OS}
		n.options.FS = disk
		n.write(web, "0.log.20261120-100000", "one")
		n.write(web, "0.log", "two")
		n.start()
		pass(30 * time.Second)
		disk.lstat.Store(true)
		pass(time.Minute)
		disk.lstat.Store(false)
		pass(30 * time.Second)
		n.wants("one", "two")
	})
}

func TestAFileForWhichThereIsNoRoomAsideIsReadAsFastAsAnyOther(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		n.spillBytes = 1
		n.set(func() { n.full = true })
		lines := numbered(0, 20000)
		n.write(web, "0.log", lines...)
		n.start()
		pass(time.Second)
		require.NoError(t, os.RemoveAll(n.path(web, "")))
		pass(20 * time.Second)
		assert.Positive(t, n.count(SpillFailed))
		assert.Zero(t, n.count(Spilled))
		n.set(func() { n.full = false })
		pass(time.Second)
		require.Equal(t, lines, n.lines())
	})
}

func TestPodsThatComeAndGoLeaveNothing(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("the system does not say which files are open")
		}
		return len(list)
	}
	atOnce(t, func(t *testing.T, n *node) {
		n.write(web, "0.log", "stays")
		n.start()
		pass(10 * time.Second)
		before := open()
		for i := range 100 {
			name := "shop_job-" + strconv.Itoa(i) + "_uid"
			n.write(name+"/main", "0.log", numbered(i, 1)...)
			n.write(name+"/main", "1.log", numbered(1000+i, 1)...)
			pass(2 * time.Second)
			require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, name)))
		}
		pass(5 * time.Minute)
		assert.Len(t, n.lines(), 201)
		assert.Equal(t, before, open())
		n.end()
		<-n.done
		assert.Len(t, n.tail.agenda, 1)
		assert.Less(t, cap(n.tail.agenda), 100)
		assert.Len(t, n.tail.folders, 1)
		assert.Len(t, n.tail.tree.pods, 1)
	})
}

func TestCopiesAreTakenUpWhenTheirFolderCanBeRead(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		n.set(func() { n.full = true })
		lines := numbered(0, 1000)
		n.write(web, "0.log", lines...)
		n.start()
		pass(time.Second)
		require.NoError(t, os.RemoveAll(filepath.Dir(n.path(web, ""))))
		pass(10 * time.Second)
		require.Equal(t, 1, n.count(Spilled))
		n.stop()

		// A file in the place of the folder.
		aside := n.spills + ".aside"
		require.NoError(t, os.Rename(n.spills, aside))
		require.NoError(t, os.WriteFile(n.spills, nil, 0o600))
		n.set(func() { n.full = false })
		n.start()
		pass(time.Minute)
		n.wants()
		assert.Equal(t, 1, n.count(SpillFailed), "it is told once")
		require.NoError(t, os.Remove(n.spills))
		require.NoError(t, os.Rename(aside, n.spills))
		pass(10 * time.Second)
		n.wants(lines...)

		n.set(func() { n.full = true })
		n.write(web, "0.log", "later")
		pass(10 * time.Second)
		require.NoError(t, os.RemoveAll(filepath.Dir(n.path(web, ""))))
		pass(10 * time.Second)
		assert.Equal(t, 2, n.count(Spilled))
	})
}
