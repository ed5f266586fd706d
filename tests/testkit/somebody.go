// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// AsSomebody makes the process run without root's right to read and write everything: a test that runs as root starts
// it as the user nobody, with setpriv. Every folder in open, and those of the test above it, are opened to that user. The
// test is skipped where root has no setpriv.
func AsSomebody(t testing.TB, opts Options, open ...string) Options {
	t.Helper()
	return asUser(t, opts, 65534, 65534, open)
}

// The user and the group of the shipped DaemonSet.
const (
	PodUser  = 65532
	PodGroup = 0
)

// AsPod is AsSomebody with the user and the group of the shipped DaemonSet.
func AsPod(t testing.TB, opts Options, open ...string) Options {
	t.Helper()
	return asUser(t, opts, PodUser, PodGroup, open)
}

func asUser(t testing.TB, opts Options, user, group int, open []string) Options {
	t.Helper()
	if os.Geteuid() != 0 {
		return opts
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("root may read and write everything, and there is no setpriv to become somebody else")
	}
	for _, dir := range open {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatalf("open %s: %v", dir, err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatalf("open %s: %v", dir, err)
		}
		// The testing package closes its temporary folders to others.
		for parent := filepath.Dir(dir); strings.HasPrefix(parent, filepath.Join(os.TempDir(), "Test")); parent = filepath.Dir(parent) {
			if err := os.Chmod(parent, 0o755); err != nil {
				t.Fatalf("open %s: %v", parent, err)
			}
		}
	}
	path := opts.Path
	if path == "" {
		path = Binary(t)
	}
	opts.Args = append([]string{fmt.Sprintf("--reuid=%d", user), fmt.Sprintf("--regid=%d", group), "--clear-groups", path}, opts.Args...)
	opts.Path = setpriv
	return opts
}
