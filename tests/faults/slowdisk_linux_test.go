// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// blkio is where the kernel is told how slow a disk is (control groups of version 1; those of version 2 cannot slow down
// what the kernel itself writes).
const blkio = "/sys/fs/cgroup/blkio"

// slowDown lets the disk that is mounted on a folder do so many reads or writes in a second, until the test ends.
// It returns what makes it fast again.
func (r *rig) slowDown(folder, what string, perSecond int) (fast func()) {
	r.t.Helper()
	path := filepath.Join(blkio, "blkio.throttle."+what+"_iops_device")
	if _, err := os.Stat(path); err != nil {
		r.t.Skip("this machine has no blkio control group of version 1 to slow a disk down with")
	}
	var stat syscall.Stat_t
	require.NoError(r.t, syscall.Stat(folder, &stat))
	set := func(n int) error {
		return os.WriteFile(path, fmt.Appendf(nil, "%d:%d %d", unix.Major(stat.Dev), unix.Minor(stat.Dev), n), 0)
	}
	require.NoError(r.t, set(perSecond))
	fast = func() { _ = set(0) }
	r.t.Cleanup(fast)
	return fast
}

// slowDisk keeps positions on a disk that needs half a second for each write, and has the backlog of one pod on another one
// that needs a quarter of a second for each read. The others are not late, and a kill costs no line: what is stored late is
// only behind.
func slowDisk(r *rig) {
	r.mount(r.state(), "-o", "loop", r.ext4(32))
	image := r.ext4(32)
	c := r.container("slow", load{bytes: 2 << 10})
	folder := filepath.Dir(filepath.Dir(c.path()))
	r.mount(folder, "-o", "loop", image)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(c.path()), 0o755))
	c.reopen()
	c.print(8_000)
	c.finish()
	// Another mount has nothing of it in memory.
	r.unmount(folder)
	r.command("mount", "-o", "loop,ro", image, folder)
	readsFast := r.slowDown(folder, "read", 4)
	writesFast := r.slowDown(r.state(), "write", 2)

	file, err := os.Create(filepath.Join(r.state(), "probe"))
	require.NoError(r.t, err)
	begin := time.Now()
	for range 3 {
		_, err = file.WriteAt([]byte("x"), 0)
		err = errors.Join(err, file.Sync())
	}
	require.NoError(r.t, errors.Join(err, file.Close()))
	require.Greater(r.t, time.Since(begin), time.Second, "the row tests nothing")

	r.busyNode(2)
	r.start()
	r.arrived()
	for range times {
		began := time.Now()
		r.pass(10 * time.Second)
		r.quiet()
		lag := r.oracle.latest(began)
		r.note("%d lines wait for the disk, the others are at most %.1fs late", r.oracle.missingOf(c.id), lag.Seconds())
		assert.Less(r.t, lag, neighbourLimit)
		r.kill()
		r.start()
		r.arrived()
	}
	assert.NotContains(r.t, r.process.Stderr(), "damaged", "what is written late is not damaged")
	r.event("both disks are fast again")
	readsFast()
	writesFast()
	r.saved()
	r.settle()
}
