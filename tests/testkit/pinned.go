// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// e2eVariable is the environment variable that allows the build of servers, which takes minutes.
const e2eVariable = "TRIBUTARY_E2E"

// Pinned is a program for tests that a module of its own pins, so that its dependencies stay out of ours. It is built from
// source by the Go tool chain alone.
type Pinned struct {
	// Name is what the binary is called: "loki".
	Name string
	// Module is the folder of the module, below the root of the repository: "tests/loki/server".
	Module string
	// Require is the module path of the program in the go.mod there, Command the package to build.
	Require, Command string
	// VersionIn is a variable of the program, with its package, that the linker sets to the version; empty means none.
	VersionIn string
}

// Binary returns the absolute path of the program. The first call on a machine builds it into the cache folder of the user,
// which takes minutes and therefore needs TRIBUTARY_E2E=1 in the environment. Without a binary and without that permission it
// skips the test; with it, a program that cannot be built fails the test. TRIBUTARY_E2E=0 skips the test even where the binary is
// there: for who runs `make test` and then `make e2e`.
func (p Pinned) Binary(t testing.TB) string {
	t.Helper()
	if os.Getenv(e2eVariable) == "0" {
		t.Skipf("%s=0: no %s is started", e2eVariable, p.Name)
	}
	path, err := p.find()
	if err != nil && !mayBuild() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// mayBuild says whether this run may take the minutes of a build.
func mayBuild() bool { return os.Getenv(e2eVariable) == "1" }

func (p Pinned) find() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the binary of %s: %w; set XDG_CACHE_HOME to a folder that you can write to", p.Name, err)
	}
	return pinnedBuild{
		Pinned: p,
		module: filepath.Join(Root(), filepath.FromSlash(p.Module)),
		cache:  filepath.Join(cache, "tributary-tests"),
		build:  mayBuild(),
	}.binary()
}

// pinnedBuild is a program and where its module and its binary are on this machine.
type pinnedBuild struct {
	Pinned
	module string
	cache  string
	// build allows building.
	build bool
}

// binary returns the path of the binary and builds it when that is allowed and needed. Processes that ask at the same
// time wait for one build. A binary with this name is always complete.
func (p pinnedBuild) binary() (string, error) {
	name, version, err := p.name()
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.cache, name)
	if exists(path) {
		return path, nil
	}
	if !p.build {
		return "", fmt.Errorf("there is no %s yet and building it takes minutes: run `make e2e` once, or set %s=1", path, e2eVariable)
	}
	if err := os.MkdirAll(p.cache, 0o755); err != nil {
		return "", fmt.Errorf("create a folder for the binary of %s: %w; set XDG_CACHE_HOME to a folder that you can write to", p.Name, err)
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return "", fmt.Errorf("lock the binary of %s: %w; set XDG_CACHE_HOME to a folder that you can write to", p.Name, err)
	}
	defer unlock()
	if exists(path) {
		return path, nil
	}
	return path, p.buildTo(path, version)
}

// name is the file name of the binary, which differs whenever the result of the build may, and the version of the program.
func (p pinnedBuild) name() (name, version string, err error) {
	key := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(p.module, file))
		// A module without dependencies has no go.sum.
		if err != nil && (file != "go.sum" || !errors.Is(err, fs.ErrNotExist)) {
			return "", "", fmt.Errorf("read what to build: %w", err)
		}
		if file == "go.mod" {
			mod, err := modfile.Parse(file, raw, nil)
			if err != nil {
				return "", "", fmt.Errorf("read what to build: %w", err)
			}
			for _, require := range mod.Require {
				if require.Mod.Path == p.Require {
					version = require.Mod.Version
				}
			}
		}
		// The length keeps the end of one file apart from the start of the next.
		fmt.Fprintf(key, "%d\n%s", len(raw), raw)
	}
	fmt.Fprintf(key, "%q", p.arguments(version))
	// The version of Go has blanks where it is built with an experiment.
	compiler := strings.ReplaceAll(runtime.Version(), " ", "-")
	name = fmt.Sprintf("%s-%s-%s-%s-%s-%.6x", p.Name, version,
		compiler, runtime.GOOS, runtime.GOARCH, key.Sum(nil))
	return name, version, nil
}

// arguments are those of the go command that decide what comes out.
func (p pinnedBuild) arguments(version string) []string {
	flags := "-s -w"
	if p.VersionIn != "" {
		flags += " -X " + p.VersionIn + "=" + version
	}
	return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + flags}
}

// buildTo compiles into a file beside path and renames it when it is complete.
func (p pinnedBuild) buildTo(path, version string) error {
	unfinished := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer func() { _ = os.Remove(unfinished) }()
	// Minutes of every core are a burden to whoever works on the machine.
	arguments := append([]string{"-n", "10", "go"}, p.arguments(version)...)
	command := exec.Command("nice", append(arguments, "-o", unfinished, p.Command)...)
	command.Dir = p.module
	// The flags of the caller, such as build tags, are for the collector.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", p.Command, p.module, err, strings.TrimSpace(string(output)))
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("keep the binary of %s: %w", p.Name, err)
	}
	return nil
}

// exists reports that path is a file.
func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
