// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// readyLimit is how long a start with damaged positions may take: 5 s are promised, and a machine that runs other tests at
// the same time gets three times as much.
const readyLimit = 3 * 5 * time.Second

// oneSnapshotDamaged harms the newest snapshot of the positions: the other one counts, and what was delivered since it was
// written comes again. Here are samples on the built binary; TestAnyByteOfASnapshotMayChange and
// TestASnapshotMayBeCutAnywhere of checkpoint_storage try every byte and every length.
func oneSnapshotDamaged(r *rig) {
	r.busyNode(2)
	for round := range 6 * times {
		r.start()
		r.arrived()
		testkit.Eventually(r.t, patience, "two snapshots", func() bool { return len(r.snapshots()) == 2 })
		r.stop(exitLimit)
		path := r.newestSnapshot()
		content, err := os.ReadFile(path)
		require.NoError(r.t, err)
		at := r.random.IntN(len(content))
		if round%2 == 0 {
			r.event("bit flipped in byte %d of %s", at, path)
			content[at] ^= 1 << r.random.IntN(8)
		} else {
			r.event("%s cut to %d bytes", path, at)
			content = content[:at]
		}
		require.NoError(r.t, os.WriteFile(path, content, 0o600))
		// As much may come again as after a crash.
		r.crashes++
		r.ready = 0
		r.start()
		assert.Less(r.t, r.ready, readyLimit)
		sums, err := r.scrape()
		require.NoError(r.t, err)
		assert.InDelta(r.t, 1, sums["otelcol_extension_checkpoint_storage_damaged_snapshots"], 0, "the row tests nothing")
		assert.Zero(r.t, sums["otelcol_extension_checkpoint_storage_empty_starts"], "the other snapshot is not used")
		r.arrived()
		r.stop(exitLimit)
	}
	r.start()
	r.settle()
}

// snapshots are the files of the positions that can be used.
func (r *rig) snapshots() []string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.state(), "checkpoints", "receiver+"+r.column.receiver+".[ab]"))
	require.NoError(r.t, err)
	return found
}

// newestSnapshot is the one that was written last.
func (r *rig) newestSnapshot() (newest string) {
	r.t.Helper()
	written := time.Time{}
	for _, path := range r.snapshots() {
		info, err := os.Stat(path)
		require.NoError(r.t, err)
		if info.ModTime().After(written) {
			newest, written = path, info.ModTime()
		}
	}
	return newest
}
