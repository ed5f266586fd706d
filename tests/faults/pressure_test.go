// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// suspended lets a collector with requests on their way sleep. All its timers are due at once when it wakes up.
func suspended(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()
	r.gate.set(trouble{status: 503})
	r.troubled(1)
	for range times {
		r.signal("STOP")
		testkit.Eventually(r.t, patience, "every thread to be stopped", r.sleeps)
		asked, _ := r.gate.seen()
		r.pass(6 * time.Second)
		if now, _ := r.gate.seen(); now > asked {
			r.t.Errorf("%d requests came from a collector that sleeps: the row tests nothing", now-asked)
		}
		asked, _ = r.gate.seen()
		r.signal("CONT")
		r.pass(2 * time.Second)
		now, _ := r.gate.seen()
		rate := float64(now-asked) / 2
		r.note("%.1f requests/s after the sleep", rate)
		if rate > batchesAtOnce {
			r.t.Errorf("%.0f requests/s after the sleep", rate)
		}
	}
	r.gate.set(trouble{})
	r.settle()
}

// sleeps reports whether every thread of the collector is stopped.
func (r *rig) sleeps() bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", r.process.Pid()))
	if err != nil || len(stats) == 0 {
		r.t.Skip("this system does not say which threads are stopped")
	}
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err == nil && !strings.HasPrefix(afterName(raw), "T") {
			return false
		}
	}
	return true
}

// cage is a memory cgroup: its folder, and the names that its files have in the version of cgroups that there is.
type cage struct {
	folder, limit, peak, events string
}

// newCage makes a memory cgroup with a limit, which lasts until the test ends.
func (r *rig) newCage(mib int) cage {
	r.t.Helper()
	r.needsRoot("make a cgroup")
	for _, c := range []cage{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"},
		{"/sys/fs/cgroup", "memory.max", "memory.peak", "memory.events"},
	} {
		c.folder = filepath.Join(c.folder, fmt.Sprintf("tributary-faults-%d-%d", os.Getpid(), r.random.Uint32()))
		if err := os.Mkdir(c.folder, 0o755); err != nil {
			continue
		}
		r.t.Cleanup(func() {
			assert.True(r.t, r.lastly(func() bool { return errors.Is(os.Remove(c.folder), nil) }), "the cgroup %s stays", c.folder)
		})
		if os.WriteFile(filepath.Join(c.folder, c.limit), []byte(strconv.Itoa(mib<<20)), 0o644) == nil {
			return c
		}
	}
	r.t.Skip("there is no memory controller of cgroups here")
	return cage{}
}

// killed is how many processes in it were killed because there was no memory.
func (c cage) killed(r *rig) int {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.folder, c.events))
	require.NoError(r.t, err)
	var n int
	_, count, _ := strings.Cut(string(raw), "oom_kill ")
	_, err = fmt.Sscan(count, &n)
	require.NoError(r.t, err, "%s: %s", c.events, raw)
	return n
}

// used is how much memory was taken at most, the page cache included.
func (c cage) used(r *rig) int {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.folder, c.peak))
	require.NoError(r.t, err)
	bytes, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	require.NoError(r.t, err)
	return bytes
}

// littleMemory has a backlog of several times the memory there is, which is less than what may be in flight takes. A backend
// that does not answer keeps all of that there. The kernel may kill the collector, and a node starts it again, until all is
// delivered.
func littleMemory(r *rig) {
	const mib, lineBytes, backlog = 64, 4 << 10, 96 << 20
	c := r.newCage(mib)
	for i := range 8 {
		r.container(fmt.Sprintf("backlog-%d", i), load{bytes: lineBytes, chunk: 16 << 10}).print(backlog / 8 / lineBytes * times)
	}
	r.through("sh", "-c", `echo $$ > "`+filepath.Join(c.folder, "cgroup.procs")+`" && exec "$0" "$@"`)
	r.gate.set(trouble{delay: 100 * time.Millisecond})
	// By itself it heeds the limit, stays below, and is not killed.
	r.collector.Set("AUTOMEMLIMIT=off")
	r.start()
	r.arrived()
	r.gate.set(trouble{hang: true})
	r.eventually(5*time.Second, r.process.Exited)
	r.gate.set(trouble{})
	delivered := r.eventually(patience, func() bool {
		if r.process.Exited() {
			r.event("killed for its memory, start")
			r.crashes++
			r.process = testkit.Start(r.t, r.collector.Options())
		}
		return r.oracle.counts().lost == 0
	})
	assert.True(r.t, delivered, "starting again and again does not come to an end")
	r.note("killed for its memory %d times", c.killed(r))
	if used := c.used(r); used < mib<<20*9/10 {
		r.t.Errorf("%d MiB of %d were used: the row tests nothing", used>>20, mib)
	}
	r.settle()
}

// fewDescriptors has many more files than may be open. All are read, also what is written later, and what is rotated; the
// connections and the state have their descriptors.
func fewDescriptors(r *rig) {
	const limit, files = 128, 2_000
	r.through("sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, limit))
	r.busyNode(1)
	many := make([]*container, files)
	for i := range many {
		many[i] = r.container(fmt.Sprintf("one-of-many-%d", i), load{bytes: 100})
	}
	write := func(every int, rotated bool) {
		for i := 0; i < files; i += every {
			many[i].reopen()
			many[i].print(3)
			if rotated {
				newRotator(many[i], 0).rotate()
				many[i].print(3)
			}
			many[i].finish()
		}
	}
	arrive := func(what string) {
		began := time.Now()
		// Files take turns to be open, which is slow also without any fault.
		testkit.Eventually(r.t, 3*patience, what, func() bool {
			for _, c := range many {
				if r.oracle.missingOf(c.id) > 0 {
					return false
				}
			}
			return true
		})
		r.note("%s in %.1fs", what, time.Since(began).Seconds())
	}
	write(1, false)
	r.start()
	arrive("the lines of all files")
	assert.Contains(r.t, r.process.Stderr(), "raise the limit of open files", "the collector says what to do")
	for range times {
		write(20, false)
		arrive("later lines")
		write(20, true)
		arrive("rotated lines")
	}
	assert.Zero(r.t, r.metric(metricUnsaved), "components without a descriptor for their state")
	r.settle()
}
