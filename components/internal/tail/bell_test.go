// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// looks counts how often somebody looks at an open file, or at a name.
type looks struct {
	FS
	count atomic.Int64
	// looking is called at each look at a name; it may be nil.
	looking func()
}

type lookedHandle struct {
	Handle
	looks *looks
}

func (l *looks) Open(root string, parts ...string) (Handle, error) {
	h, err := l.FS.Open(root, parts...)
	return lookedHandle{h, l}, err
}

func (l *looks) Lstat(path string) (Info, error) {
	l.count.Add(1)
	if l.looking != nil {
		l.looking()
	}
	return l.FS.Lstat(path)
}

func (h lookedHandle) Stat() (Info, error) {
	h.looks.count.Add(1)
	return h.Handle.Stat()
}

// silentNode follows folders that are not looked at for an hour unless the kernel reports something.
func silentNode(t *testing.T) (*node, *looks) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("reports of the kernel are asked for on Linux only")
	}
	n, fs := newNode(t), &looks{FS: OS}
	n.options.FS, n.options.ScanInterval = fs, time.Hour
	return n, fs
}

// waits waits until nobody looks any more.
func (l *looks) wait(n *node) {
	n.t.Helper()
	last, since := int64(-1), time.Now()
	n.eventually(func() bool {
		if now := l.count.Load(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 10*n.options.MaxPollInterval
	}, "nobody looks at a silent file")
}

func TestASilentFileIsNotLookedAtUntilSomebodyWrites(t *testing.T) {
	for name, first := range map[string][]string{"with lines": numbered(0, 3), "that is empty": nil} {
		t.Run(name, func(t *testing.T) {
			n, fs := silentNode(t)
			if first == nil {
				n.writeRaw(web, "0.log", "")
			} else {
				n.write(web, "0.log", first...)
			}
			n.start().wants(first...)
			want := append([]string(nil), first...)
			for i := range 3 {
				fs.wait(n)
				n.write(web, "0.log", numbered(10*i+10, 2)...)
				want = append(want, numbered(10*i+10, 2)...)
				n.wants(want...)
			}
		})
	}
}

func TestASilentFolderNoticesWhatIsNoWrite(t *testing.T) {
	cases := map[string]func(n *node){
		"a new file": func(n *node) { n.write(web, "1.log", numbered(100, 3)...) },
		"a rotation": func(n *node) {
			n.rename(web, "0.log", "0.log.20261120-100000")
			n.write(web, "0.log", numbered(100, 3)...)
		},
		"a file that is truncated and written to": func(n *node) {
			require.NoError(n.t, os.Truncate(n.path(web, "0.log"), 0))
			n.write(web, "0.log", numbered(100, 3)...)
		},
		"a folder that is made anew": func(n *node) {
			require.NoError(n.t, os.RemoveAll(filepath.Dir(n.path(web, "0.log"))))
			n.write(web, "0.log", numbered(100, 3)...)
		},
		"a file that is put into the place of another": func(n *node) {
			n.write("shop_web-0_uid/other", "new", numbered(100, 3)...)
			require.NoError(n.t, os.Rename(n.path("shop_web-0_uid/other", "new"), n.path(web, "0.log")))
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			n, fs := silentNode(t)
			n.write(web, "0.log", numbered(0, 3)...)
			n.start().wants(numbered(0, 3)...)
			fs.wait(n)
			change(n)
			n.wants(append(numbered(0, 3), numbered(100, 3)...)...)
		})
	}
}

func TestAFileThatRestsIsOpenedWhenSomebodyWrites(t *testing.T) {
	n, fs := silentNode(t)
	n.options.MaxOpen = 1
	n.write(web, "0.log", numbered(0, 3)...)
	n.write("shop_web-1_uid/main", "0.log", numbered(100, 3)...)
	n.start()
	n.eventually(func() bool { return len(n.lines()) == 6 }, "6 lines")
	fs.wait(n)
	n.write(web, "0.log", numbered(10, 3)...)
	n.write("shop_web-1_uid/main", "0.log", numbered(110, 3)...)
	n.eventually(func() bool { return len(n.lines()) == 12 }, "12 lines")
}

func TestAFileThatIsNotDeliveredIsLookedAt(t *testing.T) {
	n, fs := silentNode(t)
	n.withheld = true
	n.write(web, "0.log", numbered(0, 3)...)
	n.start().wants(numbered(0, 3)...)
	before := fs.count.Load()
	n.eventually(func() bool { return fs.count.Load() > before+100 }, "it may lose its name")
}

// A file system of a network reports no writes of others.
func TestWithoutReportsFilesAreLookedAt(t *testing.T) {
	n, fs := silentNode(t)
	n.options.ScanInterval = 300 * time.Millisecond
	n.write(web, "0.log", numbered(0, 3)...)
	n.write("shop_web-1_uid/main", "0.log", numbered(100, 3)...)
	n.silent = true
	n.start()
	n.eventually(func() bool { return len(n.lines()) == 6 }, "6 lines")
	n.eventually(func() bool { return n.awaited() == 2 }, "both folders wait for a report")
	n.write(web, "0.log", numbered(10, 3)...)
	// It lies there for longer than a report takes.
	past := time.Now().Add(-2 * reportedWithin)
	require.NoError(t, os.Chtimes(n.path(web, "0.log"), past, past))
	n.eventually(func() bool { return len(n.lines()) == 9 }, "9 lines")
	n.eventually(func() bool { return n.count(WatchFailed) == 1 }, "it is said that there are no reports")
	assert.Zero(t, n.awaited(), "nobody waits for a report any more")
	before := fs.count.Load()
	n.eventually(func() bool { return fs.count.Load() > before+100 }, "they are looked at")
}

// awaiting is a tail of which the only folder waits for the bell, with what happens just before it is set.
func awaiting(t *testing.T, n *node, before func()) (*Tail, *sink) {
	t.Helper()
	got := &sink{}
	tail := New(n.options, got)
	t.Cleanup(tail.Close)
	tail.tree.watch()
	tail.bell = tail.openBell()
	set := tail.bell.set
	tail.bell.set = func(path string) (watchID, error) {
		before()
		return set(path)
	}
	tail.tree.scan()
	for range 3 {
		tail.pass()
		tail.now = tail.now.Add(n.options.Quiet)
	}
	require.True(t, tail.folders[webID].awaited)
	return tail, got
}

func TestWhatIsWrittenJustBeforeTheBellIsSetIsRead(t *testing.T) {
	n, _ := silentNode(t)
	n.write(web, "0.log", numbered(0, 3)...)
	tail, got := awaiting(t, n, func() { n.write(web, "0.log", numbered(3, 3)...) })
	before := got.bytes
	tail.now = tail.now.Add(n.options.PollInterval)
	tail.pass()
	assert.Equal(t, 2*before, got.bytes)
}

// When the turn of one folder ends the waiting of all, one that is forgotten in the same pass must not come again.
func TestAFolderThatIsForgottenInAPassIsGone(t *testing.T) {
	n, fs := silentNode(t)
	n.write(web, "0.log", numbered(0, 3)...)
	tail, _ := awaiting(t, n, func() {})
	d := tail.folders[webID]
	require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
	d.files, d.missing, d.due = nil, tail.now, tail.now
	tail.agenda.note(d)
	fs.looking = tail.wakeAll
	tail.pass()
	require.True(t, d.forgotten)
	assert.Empty(t, tail.folders)
	assert.Empty(t, tail.agenda)
}

func TestWatchesForNamesComeFirst(t *testing.T) {
	n, _ := silentNode(t)
	n.write(web, "0.log", numbered(0, 3)...)
	tail, _ := awaiting(t, n, func() {})
	d := tail.folders[webID]
	set := tail.tree.set
	tail.tree.set = func(path string, kind watchKind) (watchID, error) {
		if tail.bell.set != nil {
			return 0, syscall.ENOSPC
		}
		return set(path, kind)
	}
	n.write("shop_web-1_uid/main", "0.log", numbered(100, 3)...)
	tail.tree.scan()
	assert.False(t, tail.tree.blind, "there is one for each folder")
	assert.Nil(t, tail.bell.set, "those of the bell are given back")
	assert.False(t, d.awaited, "a silent file is looked at again")
}
