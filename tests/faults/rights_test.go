// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// unreadableFiles takes the right to read away and gives it back: of a file, of the folder of a pod, and of the folder of
// all pods; while the collector runs, and before it starts. Reading goes on where it was.
func unreadableFiles(r *rig) {
	asSomebody(r)
	c := r.container("closed", load{bytes: 100})
	c.print(100)
	newRotator(c, 0).rotate()
	c.print(100)
	neighbour := r.container("open", load{bytes: 100})
	r.start()
	for range times {
		for _, what := range []struct {
			name, path string
		}{
			{"the file", c.path()},
			{"the folder of the pod", filepath.Dir(filepath.Dir(c.path()))},
			{"the folder of all pods", r.collector.PodLogs()},
		} {
			r.event("no right to read %s while it runs", what.name)
			r.await()
			giveBack := r.forbid(what.path)
			c.print(10)
			neighbour.print(10)
			r.pass(readable / 2)
			giveBack()
			r.await()

			r.event("no right to read %s at the start", what.name)
			r.stop(exitLimit)
			giveBack = r.forbid(what.path)
			c.print(10)
			r.start()
			testkit.Eventually(r.t, patience, "the reading to fail", func() bool { return r.anomalies("unreadable") > 0 })
			if what.path != r.collector.PodLogs() {
				neighbour.print(10)
				took := r.untilRead(neighbour, neighbour.printed())
				r.note("neighbour read after %.1fs", took.Seconds())
			}
			if got := r.oracle.cameOf(c.id); got == c.printed() {
				r.t.Errorf("%s can be read all the same: the row tests nothing", what.name)
			}
			giveBack()
			r.await()
		}
	}
	r.settle()
}

// forbid lets nobody read what is at the path. Who has a file open may go on.
func (r *rig) forbid(path string) (giveBack func()) {
	r.t.Helper()
	info, err := os.Stat(path)
	require.NoError(r.t, err)
	require.NoError(r.t, os.Chmod(path, 0))
	giveBack = func() { require.NoError(r.t, os.Chmod(path, info.Mode())) }
	// The folder of the test has to be removed, also when the row fails before that.
	r.t.Cleanup(giveBack)
	return giveBack
}

// asSomebody runs the collector as a user to whom rights apply, of the group that the files get.
func asSomebody(r *rig) {
	pods := r.collector.PodLogs()
	somebody := testkit.AsSomebody(r.t, testkit.Options{}, r.state(), pods, filepath.Dir(r.collector.Env["KUBECONFIG"]))
	if os.Geteuid() == 0 {
		const group = 65534
		require.NoError(r.t, os.Chown(pods, -1, group))
		require.NoError(r.t, os.Chmod(pods, 0o755|os.ModeSetgid))
		require.NoError(r.t, os.Chmod(r.collector.Env["KUBECONFIG"], 0o644))
	}
	r.collector.Through = func(o testkit.Options) testkit.Options {
		o.Path, o.Args = somebody.Path, append(somebody.Args, o.Args...)
		return o
	}
}
