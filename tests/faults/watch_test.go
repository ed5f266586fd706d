// SPDX-License-Identifier: Apache-2.0

//go:build linux

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// noWatches runs the collector in a user namespace of its own, in which the kernel gives it fewer watches than there are
// folders. What it is not told, it finds by looking.
func noWatches(limit string, n int) func(*rig) {
	return func(r *rig) {
		within := limited(r, limit, n)
		r.collector.Through = func(o testkit.Options) testkit.Options {
			return testkit.Options{Path: "unshare", Args: append(within, append([]string{testkit.Binary(r.t)}, o.Args...)...), Env: o.Env}
		}
		for i := range 100 {
			r.newContainer(fmt.Sprintf("early-%d", i), load{bytes: 100}).print(3)
		}
		r.start()
		r.await()
		r.counted("watch_failed")
		r.note("%d watches", r.watches())
		if r.watches() > n {
			r.t.Errorf("%d folders are watched, more than %d: the row tests nothing", r.watches(), n)
		}
		longest := time.Duration(0)
		for i := range 3 * times {
			c := r.newContainer(fmt.Sprintf("late-%d", i), load{bytes: 100})
			c.print(3)
			// Its file is rotated twice without a word of the kernel.
			k := newRotator(c, 0)
			k.rotate()
			c.print(3)
			k.rotate()
			c.print(3)
			longest = max(longest, r.untilRead(c, 9))
		}
		r.note("a new pod is read after %.1fs at most", longest.Seconds())
		assert.LessOrEqual(r.t, longest, discoveryLimit, "how long it took to find a new pod")
		r.settle()
	}
}

// limited returns the arguments of unshare for a namespace with a limit. The row is skipped where there cannot be one.
func limited(r *rig, limit string, n int) []string {
	script := fmt.Sprintf(`echo %d > /proc/sys/user/%s && exec "$@"`, n, limit)
	args := []string{"--user", "--map-root-user", "sh", "-c", script, "sh"}
	out, err := exec.Command("unshare", append(args, "cat", "/proc/sys/user/"+limit)...).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(n) {
		r.t.Skipf("no user namespace with a limit of its own can be made here: %v: %s", err, out)
	}
	return args
}

// watchOverflow stops the collector while more happens than the kernel keeps for it. It then has to look at everything.
func watchOverflow(r *rig) {
	raw, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	require.NoError(r.t, err)
	events, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	require.NoError(r.t, err)
	c := r.container("neighbour", load{bytes: 100})
	c.print(3)
	r.start()
	r.await()
	for i := range times {
		require.NoError(r.t, syscall.Kill(r.process.Pid(), syscall.SIGSTOP))
		testkit.Eventually(r.t, patience, "the collector to stand still", func() bool {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.Pid()))
			return err == nil && strings.Contains(string(status), "\nState:\tT")
		})
		r.event("stopped")
		for n := 0; n <= events; n += 2 {
			noise := filepath.Join(filepath.Dir(c.path()), strconv.Itoa(n))
			require.NoError(r.t, os.WriteFile(noise, nil, 0o600))
			require.NoError(r.t, os.Remove(noise))
		}
		// The kernel does not tell of these any more.
		late := r.newContainer(fmt.Sprintf("late-%d", i), load{bytes: 100})
		late.print(3)
		c.print(3)
		newRotator(c, 0).rotate()
		c.print(3)
		require.NoError(r.t, syscall.Kill(r.process.Pid(), syscall.SIGCONT))
		r.event("continued")
		took := r.untilRead(late, 3)
		r.note("a new pod is read after %.1fs", took.Seconds())
		assert.LessOrEqual(r.t, took, discoveryLimit, "how long it took to find a new pod")
		r.await()
	}
	r.counted("watch_overflow")
	r.settle()
}
