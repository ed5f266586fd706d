// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// powerCuts puts in the place of the state what its disk held when the power went: the image of a file system that writes
// nothing by itself, taken while the collector runs, without what was not synced. What was delivered may come again.
func powerCuts(r *rig) {
	const options = "loop,commit=300"
	image := r.ext4(32)
	r.mount(r.state(), "-o", options, image)
	r.busyNode(2)
	for range 2 * times {
		r.start()
		r.arrived()
		r.spills(r.goneInOutage("gone-" + filepath.Base(filepath.Dir(image))))
		r.pass(r.between(0, time.Second))
		witness := filepath.Join(r.state(), "witness")
		require.NoError(r.t, os.WriteFile(witness, []byte("not synced"), 0o600))

		r.signal("STOP")
		testkit.Eventually(r.t, patience, "every thread to be stopped", r.sleeps)
		r.event("power cut")
		left, err := os.ReadFile(image)
		require.NoError(r.t, err)
		r.kill()
		r.unmount(r.state())
		image = filepath.Join(r.t.TempDir(), "image")
		require.NoError(r.t, os.WriteFile(image, left, 0o600))
		r.command("mount", "-o", options, image, r.state())
		if content, err := os.ReadFile(witness); err == nil && len(content) > 0 {
			r.t.Fatal("what was not synced is on the disk: the row tests nothing")
		} else if err != nil {
			require.ErrorIs(r.t, err, fs.ErrNotExist)
		}
		r.gate.set(trouble{})
	}
	r.start()
	r.settle()
}
