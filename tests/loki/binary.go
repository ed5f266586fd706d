// SPDX-License-Identifier: Apache-2.0

package loki

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
	"sync"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// buildVariable is the environment variable that allows the build of Loki, which takes minutes.
const buildVariable = "TRIBUTARY_E2E"

// Binary returns the absolute path of Loki, in the version that server/go.mod pins. The first call on a machine builds
// it into the cache folder of the user, which takes minutes and therefore needs TRIBUTARY_E2E=1 in the environment.
// Without a binary and without that permission it skips the test.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := lokiBinary()
	if err != nil && !mayBuild() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// mayBuild says whether this run may take the minutes of a build.
func mayBuild() bool { return os.Getenv(buildVariable) == "1" }

// lokiBinary looks for the binary, or builds it, once in a process.
var lokiBinary = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the Loki binary: %w; set XDG_CACHE_HOME to a folder that you can write to", err)
	}
	return pinned{
		module:  filepath.Join(testkit.Root(), "tests", "loki", "server"),
		require: "github.com/grafana/loki/v3",
		command: "github.com/grafana/loki/v3/cmd/loki",
		cache:   filepath.Join(cache, "tributary-tests"),
		build:   mayBuild(),
	}.binary()
})

// pinned is a program that a module of its own pins, and where its binary is kept.
type pinned struct {
	// module is the folder of that module.
	module string
	// require is the module path of the program in its go.mod, command the package to build.
	require, command string
	// cache is the folder for binaries.
	cache string
	// build allows building.
	build bool
}

// binary returns the path of the binary and builds it when that is allowed and needed. Processes that ask at the same
// time wait for one build. A binary with this name is always complete.
func (p pinned) binary() (string, error) {
	name, err := p.name()
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.cache, name)
	if exists(path) {
		return path, nil
	}
	if !p.build {
		return "", fmt.Errorf("there is no %s yet and building it takes minutes: run `make e2e` once, or set %s=1", path, buildVariable)
	}
	if err := os.MkdirAll(p.cache, 0o755); err != nil {
		return "", fmt.Errorf("create a folder for the Loki binary: %w; set XDG_CACHE_HOME to a folder that you can write to", err)
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return "", fmt.Errorf("lock the Loki binary: %w; set XDG_CACHE_HOME to a folder that you can write to", err)
	}
	defer unlock()
	if exists(path) {
		return path, nil
	}
	return path, p.buildTo(path)
}

// name is the file name of the binary. It differs whenever the result of the build may.
func (p pinned) name() (string, error) {
	key := sha256.New()
	var version string
	for _, file := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(p.module, file))
		// A module without dependencies has no go.sum.
		if err != nil && (file != "go.sum" || !errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("read what to build: %w", err)
		}
		if file == "go.mod" {
			mod, err := modfile.Parse(file, raw, nil)
			if err != nil {
				return "", fmt.Errorf("read what to build: %w", err)
			}
			for _, require := range mod.Require {
				if require.Mod.Path == p.require {
					version = require.Mod.Version
				}
			}
		}
		// The length keeps the end of one file apart from the start of the next.
		fmt.Fprintf(key, "%d\n%s", len(raw), raw)
	}
	fmt.Fprintf(key, "%q", buildArguments)
	// The version of Go has blanks where it is built with an experiment.
	compiler := strings.ReplaceAll(runtime.Version(), " ", "-")
	return fmt.Sprintf("%s-%s-%s-%s-%s-%.6x", filepath.Base(p.command), version,
		compiler, runtime.GOOS, runtime.GOARCH, key.Sum(nil)), nil
}

// buildArguments are those of the go command that decide what comes out.
var buildArguments = []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}

// buildTo compiles into a file beside path and renames it when it is complete.
func (p pinned) buildTo(path string) error {
	unfinished := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer func() { _ = os.Remove(unfinished) }()
	command := exec.Command("go", append(buildArguments, "-o", unfinished, p.command)...)
	command.Dir = p.module
	// The flags of the caller, such as build tags, are for the collector.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", p.command, p.module, err, strings.TrimSpace(string(output)))
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("keep the Loki binary: %w", err)
	}
	return nil
}

// exists reports that path is a file.
func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
