// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	// metricUnsaved counts components whose newest state is in memory only.
	metricUnsaved = "otelcol_extension_checkpoint_storage_unsaved"
	// metricSpilled is what copies of deleted files take, metricAtRisk what would be lost with the process.
	metricSpilled = "otelcol_receiver_pod_logs_spilled_bytes"
	metricAtRisk  = "otelcol_receiver_pod_logs_at_risk_bytes"
)

// unsaved waits until positions cannot be stored, and saved until they are.
func (r *rig) unsaved() {
	r.t.Helper()
	r.metricIs(metricUnsaved, "above 0", func(n float64) bool { return n > 0 })
}

func (r *rig) saved() {
	r.t.Helper()
	began := time.Now()
	r.metricIs(metricUnsaved, "0", func(n float64) bool { return n == 0 })
	r.note("saved again in %.1fs", time.Since(began).Seconds())
}

// goneInOutage is a container whose file is deleted while the backend does not answer, so that it has to be copied aside.
// The requests that hang are tried again soon after the outage, unlike those that are answered.
func (r *rig) goneInOutage(name string) *container {
	r.t.Helper()
	r.event("no answers, and a pod is removed")
	r.gate.set(trouble{hang: true})
	gone := r.container(name, load{bytes: 1_000})
	gone.print(2_000)
	// Nobody could read it before it is open.
	r.pass(readable)
	gone.remove()
	return gone
}

// endOutage ends the outage and waits until nothing of a copy is left to be delivered.
func (r *rig) endOutage() {
	r.t.Helper()
	r.event("the backend answers")
	r.gate.set(trouble{})
	r.metricIs(metricSpilled, "0", func(n float64) bool { return n == 0 })
}

// copies are the whole copies of deleted files: how many bytes they take, and their pods.
func (r *rig) copies() (bytes int64, pods string) {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.state(), "spill", "pod_logs", "*.spill"))
	require.NoError(r.t, err)
	for _, path := range found {
		// One that was delivered is gone.
		content, _ := os.ReadFile(path)
		bytes += int64(len(content))
		// The path of the log file stands at the beginning.
		pods += string(content[:min(len(content), 1<<10)])
	}
	return bytes, pods
}

// copied reports whether a pod is among those of copies.
func (c *container) copied(pods string) bool { return strings.Contains(pods, "faults_"+c.pod.Name+"_") }

// spills waits until the file of a removed pod is copied aside, which it is when it was not written to for a while.
func (r *rig) spills(gone *container) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, "a copy of a deleted file", func() bool {
		_, pods := r.copies()
		return gone.copied(pods)
	})
	r.metricIs(metricAtRisk, "0", func(n float64) bool { return n == 0 })
}

// A full disk costs neither lines nor a restart: positions stay in memory, and the deleted file that cannot be copied stays
// open, until there is room again.
func fullStateDisk(r *rig) {
	r.mount(r.state(), "-t", "tmpfs", "-o", "size=8m", "tmpfs")
	r.busyNode(2)
	r.start()
	r.arrived()
	for round := range times {
		r.event("the disk is full")
		filler := r.fill(r.state())
		r.unsaved()
		r.arrived()
		gone := r.goneInOutage(fmt.Sprintf("gone-%d", round))
		r.process.WaitOutput(r.t, "could not be copied aside", patience)
		r.event("there is room again")
		require.NoError(r.t, os.Remove(filler))
		r.spills(gone)
		r.endOutage()
		r.saved()
	}
	// What was stored since is what counts.
	r.arrived()
	r.kill()
	r.start()
	r.settle()
}

// A state folder that cannot be written, or is gone, costs neither lines nor a restart.
func lostStateFolder(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()

	r.event("read-only")
	// The same folder over itself: what is open for writing would keep it from becoming read-only.
	r.mount(r.state(), "--bind", r.state())
	r.command("mount", "-o", "remount,bind,ro", r.state())
	r.unsaved()
	r.arrived()
	r.event("starts when it is read-only")
	r.kill()
	r.start()
	r.unsaved()
	r.arrived()
	r.event("may be written")
	r.command("mount", "-o", "remount,bind,rw", r.state())
	r.saved()
	r.spills(r.goneInOutage("gone"))
	r.endOutage()

	r.event("everything in it removed")
	entries, err := os.ReadDir(r.state())
	require.NoError(r.t, err)
	for _, entry := range entries {
		require.NoError(r.t, os.RemoveAll(filepath.Join(r.state(), entry.Name())))
	}
	r.arrived()
	testkit.Eventually(r.t, patience, "the positions to be stored in a new folder", func() bool { return len(r.stateFiles()) > 1 })
	r.spills(r.goneInOutage("gone-after-it-was-removed"))
	r.endOutage()
	r.kill()
	r.start()
	r.settle()
}

// Whoever may not write into the folder ships all the same, from the start on too, and says what is wrong.
func foreignStateFolder(r *rig) {
	require.NoError(r.t, os.MkdirAll(r.state(), 0o755))
	kubeconfig := r.collector.Env["KUBECONFIG"]
	require.NoError(r.t, os.Chmod(kubeconfig, 0o644))
	opts := testkit.AsSomebody(r.t, r.collector.Options(), r.state(), r.collector.PodLogs(), filepath.Dir(kubeconfig))
	if os.Geteuid() == 0 {
		// The group of the folder is that of the files in it, which others may not read.
		require.NoError(r.t, os.Chown(r.collector.PodLogs(), -1, 65534))
		require.NoError(r.t, os.Chmod(r.collector.PodLogs(), 0o755|os.ModeSetgid))
	}
	r.collector.Path, r.collector.Args, r.collector.Configs = opts.Path, opts.Args, nil
	closed := func(mode os.FileMode) {
		r.event("mode of the state folder is %o", mode)
		require.NoError(r.t, os.Chmod(r.state(), mode))
	}
	closed(0)
	r.busyNode(2)
	r.start()
	r.unsaved()
	r.arrived()
	assert.Contains(r.t, r.process.Stderr(), "permission denied; let user ", "the collector says what to do")
	closed(0o777)
	r.saved()
	r.spills(r.goneInOutage("gone"))
	r.endOutage()
	closed(0)
	r.unsaved()
	r.arrived()
	closed(0o777)
	r.saved()

	// A copy that cannot be read at the start is read when it can be.
	r.spills(r.goneInOutage("gone-before-the-end"))
	r.kill()
	closed(0)
	r.gate.set(trouble{})
	r.start()
	r.unsaved()
	r.arrived()
	closed(0o777)
	r.settle()
}
