// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// locked lets nobody read what is at or below a path.
type locked struct {
	FS
	below atomic.Pointer[string]
}

func (l *locked) lock(path string) { l.below.Store(&path) }

func (l *locked) check(path string) error {
	below := l.below.Load()
	if below == nil || *below == "" || path != *below && !strings.HasPrefix(path, *below+"/") {
		return nil
	}
	return &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
}

func (l *locked) ReadDir(path string) ([]Entry, error) {
	if err := l.check(path); err != nil {
		return nil, err
	}
	return l.FS.ReadDir(path)
}

func (l *locked) Open(root string, parts ...string) (Handle, error) {
	if err := l.check(strings.Join(append([]string{root}, parts...), "/")); err != nil {
		return nil, err
	}
	return l.FS.Open(root, parts...)
}

// What cannot be read is read some seconds after it can be, whatever it is, and it is
// known as long as it cannot.
func TestWhatCannotBeReadIsTriedAgain(t *testing.T) {
	for _, path := range []string{"", "/shop_web-0_uid", "/shop_web-0_uid/main", "/shop_web-0_uid/main/0.log"} {
		t.Run("the root"+path, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				disk := &locked{FS: OS}
				n.options.FS, n.options.ScanInterval = disk, time.Hour
				n.write(web, "0.log", "one")
				disk.lock(n.options.Root + path)
				n.start()
				for range 10 {
					pass(7 * time.Second)
					assert.True(t, n.unreadable())
					assert.EqualValues(t, 1, n.tail.Gauges().Troubled)
				}
				n.wants()
				disk.lock("")
				pass(7 * time.Second)
				n.wants("one")
				assert.False(t, n.unreadable())
				assert.Zero(t, n.tail.Gauges().Troubled)
			})
		})
	}
}

func TestAFileThatFailsIsUnreadableUntilItIsRead(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		disk := &faulty{FS: OS}
		n.options.FS = disk
		n.write(web, "0.log", numbered(0, 1)...)
		n.start()
		pass(time.Second)
		assert.False(t, n.unreadable())
		disk.read.Store(1)
		n.write(web, "0.log", numbered(1, 1)...)
		for range 10 {
			pass(7 * time.Second)
			assert.True(t, n.unreadable())
			assert.EqualValues(t, 1, n.tail.Gauges().Troubled)
		}
		disk.read.Store(0)
		pass(7 * time.Second)
		n.wants(numbered(0, 2)...)
		assert.False(t, n.unreadable())
		pass(time.Second)
		assert.Zero(t, n.tail.Gauges().Troubled)
	})
}

// Where the kernel reports changes, nothing else would bring it back to the folder.
func TestTheFolderOfAPodIsTriedAgainBeforeTheNextScan(t *testing.T) {
	disk := &locked{FS: OS}
	tl := New(Options{Root: t.TempDir(), FS: disk, ScanInterval: time.Hour}, &chunks{})
	n := &node{t: t, options: tl.options}
	n.write(web, "0.log", "one")
	disk.lock(tl.options.Root + "/shop_web-0_uid")
	tl.tree.scan()
	assert.Equal(t, tryAgain, tl.tree.scanIfDue())
	disk.lock("")
	tl.tree.scan()
	assert.Equal(t, time.Hour, tl.tree.scanIfDue())
}

func TestAFileThatIsReadAgainNeedNotBeReadToItsEnd(t *testing.T) {
	disk := &faulty{FS: OS}
	tl := New(Options{Root: t.TempDir(), FS: disk}, &chunks{})
	n := &node{t: t, options: tl.options}
	n.write(web, "0.log", numbered(0, 12_000)...)
	d := tl.enter(Container{Namespace: "shop", Pod: "web-0", UID: "uid", Name: "main"})
	tl.look(d)
	disk.read.Store(1)
	tl.turn(d)
	assert.True(t, tl.Unreadable())
	disk.read.Store(0)
	tl.now = tl.now.Add(tryAgain)
	tl.turn(d)
	assert.False(t, d.files[0].atEnd)
	assert.False(t, tl.Unreadable())
	tl.Close()
}

// Nothing is read of it afterwards that would show that it can be.
func TestAFileThatCanBeLookedAtAgainIsReadable(t *testing.T) {
	for what, text := range map[string]string{"read to its end": "one\n", "too short to be known": "o"} {
		t.Run(what, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				disk := &faulty{FS: OS}
				n.options.FS, n.options.Quiet = disk, 24*time.Hour
				n.writeRaw(web, "0.log", text)
				n.start()
				pass(7 * time.Second)
				disk.stat.Store(true)
				pass(7 * time.Second)
				assert.True(t, n.unreadable())
				disk.stat.Store(false)
				pass(14 * time.Second)
				assert.False(t, n.unreadable())
			})
		})
	}
}
