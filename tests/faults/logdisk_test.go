// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// idleShare is the share of a core that the collector may take when there is nothing to be read.
const idleShare = 0.1

// quietly fails the row when the collector is busy for some seconds.
func (r *rig) quietly(during string) {
	r.t.Helper()
	share := r.cpu(func() { r.pass(5 * time.Second) })
	r.note("%.1f %% of a core %s", 100*share, during)
	if share > idleShare {
		r.t.Errorf("%.0f %% of a core are used %s", 100*share, during)
	}
}

// latest is how late the latest of the lines was that were written since, and have arrived.
func (o *oracle) latest(since time.Time) (lag time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sources {
		for _, l := range s.lines {
			if l.came > 0 && l.at.After(since) {
				lag = max(lag, l.first.Sub(l.at))
			}
		}
	}
	return lag
}

// failingDisk lets the disk of one pod fail in the middle of its file. The others do not notice, and when the disk works
// again the rest is read.
func failingDisk(r *rig) {
	image := r.ext4(32, "-O", "^has_journal")
	c := r.container("failing", load{bytes: 2 << 10})
	folder := filepath.Dir(filepath.Dir(c.path()))
	r.mount(folder, "-o", "loop", image)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(c.path()), 0o755))
	c.reopen()
	c.print(10_000)
	c.finish()
	// Another mount has nothing of it in memory.
	r.unmount(folder)
	r.command("mount", "-o", "loop,ro", image, folder)
	whole, err := os.ReadFile(image)
	require.NoError(r.t, err)
	const works = 12 << 20
	require.NoError(r.t, os.Truncate(image, works))

	r.busyNode(2)
	r.start()
	r.process.WaitOutput(r.t, "input/output error", patience)
	file, err := os.Open(c.path())
	require.NoError(r.t, err)
	_, err = io.Copy(io.Discard, file)
	require.ErrorIs(r.t, errors.Join(err, file.Close()), syscall.EIO, "the row tests nothing")
	began := time.Now()
	r.pass(7 * time.Second * time.Duration(times))
	r.quiet()
	testkit.Eventually(r.t, patience, "all lines but those of the disk that fails", func() bool {
		return r.oracle.missingOf(c.id) == r.oracle.counts().lost
	})
	lag := r.oracle.latest(began)
	r.note("%d lines wait for the disk, the others are at most %.1fs late", r.oracle.missingOf(c.id), lag.Seconds())
	assert.Less(r.t, lag, neighbourLimit)
	assert.Positive(r.t, r.oracle.missingOf(c.id), "the row tests nothing")
	r.quietly("while the disk fails")

	r.event("the disk works again")
	disk, err := os.OpenFile(image, os.O_WRONLY, 0)
	require.NoError(r.t, err)
	_, err = disk.WriteAt(whole[works:], works)
	require.NoError(r.t, errors.Join(err, disk.Close()))
	r.settle()
}

// missingOf is how many lines of a container have not arrived.
func (o *oracle) missingOf(id int) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.sources[id].lines {
		if l.came == 0 {
			n++
		}
	}
	return n
}

// fullLogDisk leaves neither room nor inodes where the log files are. Nothing can be written there, so nothing has to be done.
func fullLogDisk(r *rig) {
	r.mount(r.collector.PodLogs(), "-o", "loop", r.ext4(8, "-N", "128"))
	c := r.container("printing", load{bytes: 200})
	c.print(1_000)
	r.start()
	r.await()

	r.event("no room is left")
	filler := r.fill(r.collector.PodLogs())
	r.quietly("without room")
	require.NoError(r.t, os.Remove(filler))
	c.print(1_000)
	r.await()

	r.event("no inode is left")
	var fillers []string
	for err := error(nil); err == nil; {
		// The names are those of log files.
		name := fmt.Sprintf("%s.20261121-%06d", c.path(), len(fillers))
		if err = os.WriteFile(name, nil, 0o640); err == nil {
			fillers = append(fillers, name)
		} else {
			require.ErrorIs(r.t, err, syscall.ENOSPC, "the row tests nothing")
		}
	}
	r.note("%d files took all inodes", len(fillers))
	c.print(1_000)
	r.await()
	r.quietly("without inodes")
	for _, name := range fillers {
		require.NoError(r.t, os.Remove(name))
	}
	// The collector holds on to a deleted file for some seconds, empty or not.
	testkit.Eventually(r.t, patience, "the inodes to be free", func() bool {
		return os.MkdirAll(filepath.Join(r.collector.PodLogs(), "free", "1", "2", "3", "4", "5"), 0o755) == nil
	})
	require.NoError(r.t, os.RemoveAll(filepath.Join(r.collector.PodLogs(), "free")))
	r.container("printing-again", load{bytes: 200}).print(1_000)
	c.print(1_000)
	r.settle()
}

// goners are pods that were removed in an outage, with the sizes of their files.
type goners struct {
	pods  []*container
	sizes []int64
}

// removeMany removes more pods in an outage than may be copied aside.
func (r *rig) removeMany(name string) (g goners) {
	r.t.Helper()
	r.event("no answers, and pods are removed")
	r.gate.set(trouble{hang: true})
	for i := range 8 {
		c := r.container(fmt.Sprintf("%s-%d", name, i), load{bytes: 100})
		c.print(6_000)
		info, err := os.Stat(c.path())
		require.NoError(r.t, err)
		g.pods, g.sizes = append(g.pods, c), append(g.sizes, info.Size())
	}
	r.pass(readable)
	for _, c := range g.pods {
		c.remove()
	}
	return g
}

// uncopied waits until every pod was tried, and returns those without a copy. What the metrics say is exact.
func (r *rig) uncopied(g goners, bound int64) (left []*container) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, "exact figures of what is copied and what is not", func() bool {
		room, pods := r.copies()
		atRisk := int64(0)
		left = nil
		for i, c := range g.pods {
			if !c.copied(pods) {
				left, atRisk = append(left, c), atRisk+g.sizes[i]
			}
		}
		if room > bound {
			r.t.Errorf("the copies take %d bytes of %d", room, bound)
		}
		return room > 0 && len(left) > 0 && int64(r.metric(metricAtRisk)) == atRisk && int64(r.metric(metricSpilled)) == room
	})
	r.note("%d of %d pods without a copy", len(left), len(g.pods))
	return left
}

// boundOfCopies removes more than may be copied aside. What is not copied is delivered as long as the collector lives, and is
// exactly what is lost when it is killed.
func boundOfCopies(r *rig) {
	const bound = 1_500_000
	r.collector.Args = append(r.collector.Args, fmt.Sprintf("--set=receivers::pod_logs::spill::max_bytes=%d", bound))
	r.start()
	r.uncopied(r.removeMany("lives"), bound)
	assert.Contains(r.t, r.process.Stderr(), "the store of copies is full")
	r.endOutage()
	r.await()

	left := r.uncopied(r.removeMany("killed"), bound)
	r.kill()
	r.gate.set(trouble{})
	r.start()
	want := 0
	for _, c := range left {
		want += r.oracle.missingOf(c.id)
		r.oracle.excuse(c.id, time.Time{})
	}
	r.await()
	assert.Equal(r.t, want, r.oracle.counts().excused, "lines that are lost")
	r.settle()
}
