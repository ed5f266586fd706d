// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// likeFiles writes files of which the first 4 KiB are the same, byte for byte: some before the start, some after it, and
// two for each container. All of them are read, and after a restart none of them again.
func likeFiles(r *rig) {
	same := strings.Repeat(cri(time.Unix(1764028800, 123456789), "stdout", "F", strings.Repeat("=", 87)), 32)
	require.Len(r.t, same, 4<<10)
	both := func(name string) (list []*container) {
		for i := range 250 * times {
			c := r.newContainer(fmt.Sprintf("%s-%d", name, i), load{bytes: 100})
			c.bytes([]byte(same))
			c.print(3)
			c.restart()
			c.bytes([]byte(same))
			c.print(3)
			list = append(list, c)
		}
		return list
	}
	early := both("early")
	r.start()
	late := both("late")
	r.await()
	r.event("restart")
	r.stop(exitLimit)
	r.start()
	for _, c := range append(early, late...) {
		c.print(1)
	}
	r.note("%d files", 2*len(early)+2*len(late))
	r.settle()
}

// reusedInodes removes files and creates others in their place, which get the same inode and have the same length. Once the
// collector is away, so that it finds the other file where it left off; once it has closed the first one by itself.
func reusedInodes(r *rig) {
	if !inodesComeBack(r) {
		r.t.Skip("this file system uses no inode again")
	}
	var all []*container
	for i := range 200 {
		all = append(all, r.newContainer(fmt.Sprintf("again-%d", i), load{}))
	}
	again := 0
	anew := func() {
		for _, c := range all {
			if c.anew() {
				again++
			}
			c.sameLength(3)
		}
	}
	r.start()
	for range 5 * times {
		anew()
		r.await()
		r.stop(exitLimit)
		anew()
		r.start()
		r.await()
	}
	away := again
	if away == 0 {
		r.t.Errorf("no inode was used again: the row tests nothing")
	}
	for range times {
		for _, c := range all {
			require.NoError(r.t, os.Remove(c.path()))
		}
		testkit.Eventually(r.t, patience, "the collector to close the removed files", func() bool { return r.openFiles("(deleted)") == 0 })
		anew()
		r.await()
	}
	r.note("%d inodes were used again for the same name, %d of them while the collector ran", again, again-away)
	r.settle()
}

func inodesComeBack(r *rig) bool {
	path := filepath.Join(r.t.TempDir(), "probe")
	probe := func() os.FileInfo {
		require.NoError(r.t, os.WriteFile(path, nil, 0o600))
		info, err := os.Stat(path)
		require.NoError(r.t, errors.Join(err, os.Remove(path)))
		return info
	}
	return os.SameFile(probe(), probe())
}

// anew goes on in another file of the same name. It reports whether that has the inode of the one before.
func (c *container) anew() bool {
	c.t.Helper()
	c.mu.Lock()
	before, err := c.file.Stat()
	require.NoError(c.t, errors.Join(err, c.file.Close()))
	if err := os.Remove(c.path()); !errors.Is(err, fs.ErrNotExist) {
		require.NoError(c.t, err)
	}
	c.file = nil
	c.mu.Unlock()
	c.reopen()
	after, err := c.file.Stat()
	require.NoError(c.t, err)
	return os.SameFile(before, after)
}

// sameLength prints lines that are all of one length.
func (c *container) sameLength(n int) {
	for range n {
		c.whole(func(m mark) string { return seal(m, "", "") })
	}
}

// openFiles is how many descriptors of the collector lead to a path with such an end.
func (r *rig) openFiles(end string) (n int) {
	dir := fmt.Sprintf("/proc/%d/fd", r.process.Pid())
	list, err := os.ReadDir(dir)
	require.NoError(r.t, err)
	for _, fd := range list {
		if path, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasSuffix(path, end) {
			n++
		}
	}
	return n
}
