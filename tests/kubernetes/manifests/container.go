// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// Node is what a kubelet on this machine would know, and where it would take things from.
type Node struct {
	// Fields are those of the pod that environment variables are made of: "spec.nodeName".
	Fields map[string]string
	// HostPaths are folders of this machine that stand for those of the node.
	HostPaths map[string]string
	// Variables are those that a kubelet adds to every container: where the API server is.
	Variables map[string]string
	// Account holds token, ca.crt and namespace; it is mounted where a pod has its service account.
	Account string
}

// accountPath is where clients look for their service account. It cannot be changed.
const accountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// setUp makes the file system of a container and becomes the command that starts its program in it: a root that nothing can be
// written to, with the mounts that follow as pairs of source and target, read-only where the source begins with "ro:". A "-"
// ends them.
const setUp = `set -e
root=$1; shift
mount --bind "$root" "$root"
while [ "$1" != - ]; do
	source=${1#ro:}
	mount --bind "$source" "$root$2"
	if [ "$source" != "$1" ]; then mount -o remount,bind,ro "$root$2"; fi
	shift 2
done
shift
mount --rbind /proc "$root/proc"
mount -o remount,bind,ro "$root"
exec "$@"`

// Options say how to run a container of a rendered pod as a kubelet would: in a file system of its own that is that of the image,
// with the volumes, the service account, the user, the arguments and the environment of the manifest. What is not as on a
// node: network, processes and devices are those of this machine, and there is no limit of memory. The test is skipped
// without the right to mount.
func (w *Workload) Options(t testing.TB, c *corev1.Container, variables map[string]string, node Node) testkit.Options {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	chroot, missing := exec.LookPath("chroot")
	if err != nil || missing != nil || os.Geteuid() != 0 {
		t.Skip("a file system as that of a container takes root and the commands unshare and chroot")
	}
	root := t.TempDir()
	var mounts []string
	mount := func(source, target string, readOnly, isFile bool) {
		path := filepath.Join(root, target)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if isFile {
			err = os.WriteFile(path, nil, 0o600)
		} else {
			err = os.MkdirAll(path, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		if readOnly {
			source = "ro:" + source
		}
		mounts = append(mounts, source, target)
	}
	// That of Dockerfile.
	mount(testkit.Binary(t), "/tributary", true, true)
	mount(filepath.Join(testkit.Root(), "distro", "config"), "/etc/tributary", true, false)
	for _, m := range c.VolumeMounts {
		mount(w.source(t, m.Name, node), m.MountPath, m.ReadOnly, false)
	}
	if asks := w.Template.Spec.AutomountServiceAccountToken; asks != nil && *asks {
		mount(node.Account, accountPath, true, false)
	}
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Everybody may look into it; the folder that it is in belongs to the test alone.
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"--mount", "--propagation=private", "sh", "-c", setUp, "sh", root}
	arguments = append(append(arguments, mounts...), "-", "env", "-i")
	for _, more := range []map[string]string{node.Variables, variables} {
		for name, value := range more {
			arguments = append(arguments, name+"="+value)
		}
	}
	arguments = append(arguments, chroot, "--userspec="+w.user(c), "--groups=", root, "/tributary")
	return testkit.Options{Path: unshare, Args: append(arguments, Arguments(c, variables)...)}
}

// source is the folder on this machine that stands for a volume.
func (w *Workload) source(t testing.TB, name string, node Node) string {
	t.Helper()
	for _, v := range w.Template.Spec.Volumes {
		switch {
		case v.Name != name:
		case v.HostPath != nil && node.HostPaths[v.HostPath.Path] != "":
			return node.HostPaths[v.HostPath.Path]
		case v.HostPath == nil:
			return t.TempDir()
		}
	}
	t.Fatalf("%s: nothing stands for the volume %s", w, name)
	return ""
}

// user is the one a container runs as, with its group: "65532:0".
func (w *Workload) user(c *corev1.Container) string {
	var user, group int64
	if s := w.Template.Spec.SecurityContext; s != nil {
		user, group = or(s.RunAsUser, user), or(s.RunAsGroup, group)
	}
	if s := c.SecurityContext; s != nil {
		user, group = or(s.RunAsUser, user), or(s.RunAsGroup, group)
	}
	return fmt.Sprintf("%d:%d", user, group)
}

func or(given *int64, otherwise int64) int64 {
	if given != nil {
		return *given
	}
	return otherwise
}
