// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binaryVariable names a binary to test in place of the one built here.
const binaryVariable = "TRIBUTARY_TEST_BINARY"

// Root returns the absolute path of the repository: the nearest folder, from the
// working directory upwards, that holds a go.mod. It panics when there is none,
// because no test can run then.
func Root() string {
	start, err := os.Getwd()
	if err != nil {
		panic(fmt.Errorf("find repository root: %w", err))
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		if info, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil && info.Mode().IsRegular() {
			return folder
		}
		if folder == filepath.Dir(folder) {
			panic(fmt.Errorf("find repository root: no go.mod above %s", start))
		}
	}
}

// Binary returns the absolute path of the collector to test. That is the file
// named by the environment variable TRIBUTARY_TEST_BINARY when it is set, and
// otherwise bin/tributary in Root, which the first call of a test process brings
// up to date with "make -s build". It ends the test when there is no such file.
func Binary(t testing.TB) string {
	t.Helper()
	find := buildOnce
	if given := os.Getenv(binaryVariable); given != "" {
		find = func() (string, error) { return filepath.Abs(given) }
	}
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("find collector binary: %v", err)
	}
	return path
}

// buildOnce builds the collector at its first call and remembers the outcome.
var buildOnce = sync.OnceValues(func() (string, error) {
	return filepath.Join(Root(), "bin", "tributary"), runMake("build")
})

// runMake makes a target in Root. go test runs packages side by side; only one may link
// at a time, or another could start a binary that is half written.
func runMake(target string, variables ...string) error {
	unlock, err := lockBuild()
	if err != nil {
		return err
	}
	defer unlock()
	command := exec.Command("make", append([]string{"-s", target}, variables...)...)
	command.Dir = Root()
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", target, err, tail(string(output), tailLines))
	}
	return nil
}

// LockBuild keeps other test processes from changing what make has written, until the
// test ends. The test itself must not build meanwhile.
func LockBuild(t testing.TB) {
	t.Helper()
	unlock, err := lockBuild()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
}

func lockBuild() (unlock func(), err error) {
	unlock, err = lockFile(filepath.Join(os.TempDir(), fmt.Sprintf("tributary-build-%d.lock", os.Getuid())))
	if err != nil {
		return nil, fmt.Errorf("lock build: %w", err)
	}
	return unlock, nil
}
