// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secret must never reach the backend.
const secret = "the secret of the node"

// notFiles puts what is no regular file of the log folder where log files are. The other pods do not notice, and what links
// lead to is not read.
func notFiles(r *rig) {
	outside := filepath.Join(r.t.TempDir(), "outside")
	require.NoError(r.t, os.MkdirAll(outside, 0o755))
	require.NoError(r.t, os.WriteFile(filepath.Join(outside, "0.log"), []byte("2026-11-21T03:00:00Z stdout F "+secret+"\n"+secret+"\n"), 0o644))
	// The environment of the collector is a file too.
	r.collector.Set("SECRET_OF_THE_TEST=" + secret)

	folder := func(name string) string {
		dir := filepath.Join(r.collector.PodLogs(), "faults_"+name+"_0a0b", "main")
		require.NoError(r.t, os.MkdirAll(dir, 0o755))
		return dir
	}
	early := func(name string) {
		require.NoError(r.t, syscall.Mkfifo(filepath.Join(folder(name+"-fifo"), "0.log"), 0o644))
		require.NoError(r.t, os.Symlink(filepath.Join(outside, "0.log"), filepath.Join(folder(name+"-link"), "0.log")))
		require.NoError(r.t, os.Symlink("/proc/self/environ", filepath.Join(folder(name+"-proc"), "0.log")))
		require.NoError(r.t, os.Symlink("0.log", filepath.Join(folder(name+"-loop"), "0.log")))
		require.NoError(r.t, os.MkdirAll(filepath.Join(folder(name+"-folder"), "0.log"), 0o755))
		require.NoError(r.t, os.Symlink(outside, filepath.Join(filepath.Dir(folder(name+"-linked-folder")), "linked")))
		require.NoError(r.t, os.Symlink(filepath.Dir(outside), filepath.Join(r.collector.PodLogs(), "faults_"+name+"-linked-pod_0a0b")))
		// A hard link is a file like any other, so it is not among these.
	}
	early("early")
	socket, err := net.Listen("unix", shortSocket(r))
	require.NoError(r.t, err)
	defer socket.Close()
	require.NoError(r.t, os.Rename(socket.Addr().String(), filepath.Join(folder("socket"), "0.log")))

	c := r.container("neighbour", busy)
	r.start()
	r.arrived()
	r.event("more of them while it runs")
	early("late")
	c.print(10)
	r.arrived()
	r.settle()
	for _, mark := range []string{secret, "SECRET_OF_THE_TEST"} {
		_, shipped := r.oracle.anyForeign(func(body string) bool { return strings.Contains(body, mark) })
		assert.False(r.t, shipped, "%q was sent", mark)
	}
}

// shortSocket is a path that is short enough for a socket.
func shortSocket(r *rig) string {
	dir, err := os.MkdirTemp("", "")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}
