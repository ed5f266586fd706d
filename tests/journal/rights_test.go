// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// Without the rights, the collector says which group is missing, and reads as soon as it
// is a member of the group of the files, without any right beyond that.
func TestAUserWithoutTheRights(t *testing.T) {
	r := newRig(t, "identifiers: [app]")
	r.journald.Send("SYSLOG_IDENTIFIER=app", "MESSAGE="+r.line())
	r.journald.Sync()
	r.modes(0)
	options := testkit.AsSomebody(t, r.collector.Options(), r.collector.Env["TRIBUTARY_STATE"], filepath.Dir(r.collector.Configs[0]))
	require.NoError(t, os.Chmod(r.collector.Configs[0], 0o644))
	r.process = testkit.Start(t, options)
	r.process.WaitReady(t, testkit.StartTimeout)
	testkit.Eventually(t, testkit.DeliverTimeout, "the missing group to be named", func() bool {
		said := r.process.Stderr()
		return strings.Contains(said, "systemd-journal") && strings.Contains(said, "permission denied")
	})
	r.modes(0o640)
	require.Zero(t, r.settle())
	r.process.Stop(t)
}

// modes sets that of the journal's files.
func (r *rig) modes(mode fs.FileMode) {
	r.t.Helper()
	root := r.journald.Dir()
	require.NoError(r.t, os.Chmod(filepath.Dir(root), 0o755)) //nolint:gosec // For the user nobody.
	files, err := filepath.Glob(filepath.Join(root, "*.journal"))
	require.NoError(r.t, err)
	require.NotEmpty(r.t, files)
	for _, file := range files {
		if os.Geteuid() == 0 {
			require.NoError(r.t, os.Chown(file, 0, 65534)) // The group of AsSomebody.
		}
		require.NoError(r.t, os.Chmod(file, mode))
	}
}
