// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// container is how the image is run. What is left out is what the image and a restricted pod have: its user, a read-only
// root, no capability, no new privileges.
type container struct {
	// command and args take the place of the entry point and its arguments, as in a pod.
	command, args []string
	env           []string
	mounts        []mount
	user          *int
	capabilities  []string
	// memory is the limit, in bytes.
	memory int64
}

// mount puts a folder of the machine into the container.
type mount struct {
	from, to string
	readOnly bool
}

// started tells containers of one process apart.
var started atomic.Int64

// start runs the container with the network of the machine. It dies with the test.
func (c container) start(t *testing.T) *testkit.Process {
	t.Helper()
	bundle, root := t.TempDir(), rootOf(t)
	id, states := fmt.Sprintf("tributary-test-%d-%d", os.Getpid(), started.Add(1)), t.TempDir()
	spec, err := json.Marshal(c.spec(t, root, id))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bundle, "config.json"), spec, 0o600))
	runc, _ := exec.LookPath("runc")
	t.Cleanup(func() {
		// Fails when the container has ended by itself, and is gone.
		_ = exec.Command(runc, "--root", states, "delete", "--force", id).Run()
	})
	return testkit.Start(t, testkit.Options{Path: runc, Args: []string{"--root", states, "run", "--bundle", bundle, id}})
}

// run waits until the container has ended.
func (c container) run(t *testing.T) (exitCode int, output string) {
	t.Helper()
	p := c.start(t)
	exitCode, _ = p.Wait(t, testkit.StartTimeout)
	return exitCode, p.Stdout() + p.Stderr()
}

// rootOf unpacks the image. It is not written to, so all tests share it.
func rootOf(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: runs a container")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		t.Skip("needs runc, of the Debian package of that name: runs a container")
	}
	unpacked.Do(func() {
		root := filepath.Join(scratch, "root")
		require.NoError(t, os.Mkdir(root, 0o755))
		unpack(t, root)
	})
	return filepath.Join(scratch, "root")
}

var unpacked sync.Once

func unpack(t *testing.T, root string) {
	t.Helper()
	files := filesOf(t)
	// A folder comes before what is in it.
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f, target := files[path], filepath.Join(root, path)
		switch f.Typeflag {
		case tar.TypeDir:
			require.NoError(t, os.Mkdir(target, 0o700))
		case tar.TypeSymlink:
			require.NoError(t, os.Symlink(f.Linkname, target))
			continue
		default:
			require.NoError(t, os.WriteFile(target, f.content, 0o600))
		}
		require.NoError(t, os.Chown(target, f.Uid, f.Gid))
		require.NoError(t, os.Chmod(target, os.FileMode(f.Mode)))
	}
}

// object is a part of the OCI runtime specification.
type object map[string]any

func (c container) spec(t *testing.T, root, id string) object {
	t.Helper()
	_, image := archiveOf(t).opened(t)
	var uid, gid int
	_, err := fmt.Sscanf(image.Config.User, "%d:%d", &uid, &gid)
	require.NoError(t, err)
	if c.user != nil {
		uid = *c.user
	}
	command, args := image.Config.Entrypoint, image.Config.Cmd
	if c.command != nil {
		command, args = c.command, nil
	}
	if c.args != nil {
		args = c.args
	}
	capabilities := object{}
	for _, set := range []string{"bounding", "effective", "permitted", "inheritable"} {
		capabilities[set] = append([]string{}, c.capabilities...)
	}
	mounts := []object{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/sys", "type": "none", "source": "/sys", "options": []string{"rbind", "ro"}},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "mode=755"}},
	}
	for _, m := range c.mounts {
		access := "rw"
		if m.readOnly {
			access = "ro"
		}
		mounts = append(mounts, object{"destination": m.to, "type": "none", "source": m.from, "options": []string{"rbind", access}})
	}
	resources := object{}
	if c.memory != 0 {
		resources["memory"] = object{"limit": c.memory}
	}
	return object{
		"ociVersion": "1.0.2",
		"hostname":   "node-a",
		"root":       object{"path": root, "readonly": true},
		"process": object{
			"user": object{"uid": uid, "gid": gid},
			"args": slices.Concat(command, args), "env": append([]string{"PATH=/"}, c.env...),
			"cwd": image.Config.WorkingDir, "noNewPrivileges": true, "capabilities": capabilities,
		},
		"mounts": mounts,
		"linux": object{
			"namespaces":  []object{{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}},
			"resources":   resources,
			"cgroupsPath": id,
		},
	}
}
