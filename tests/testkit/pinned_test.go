// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tiny is a module that pins a program of its own, which is quick to build.
func tiny(t *testing.T, source string) pinnedBuild {
	t.Helper()
	module := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":         "module example.test/tiny\n\ngo 1.26\n\nrequire example.test/other v1.2.3\n\nreplace example.test/other => ./other\n",
		"other/go.mod":   "module example.test/other\n\ngo 1.26\n",
		"other/other.go": "package other\n",
		"cmd/say/say.go": source,
	} {
		path := filepath.Join(module, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return pinnedBuild{
		Pinned: Pinned{Name: "say", Require: "example.test/other", Command: "example.test/tiny/cmd/say", VersionIn: "main.version"},
		module: module, cache: filepath.Join(t.TempDir(), "cache"), build: true,
	}
}

const speaking = `package main

import "os"

var version string

func main() { os.Stdout.WriteString("hello from " + version) }
`

func TestPinnedBinaryIsBuiltOnceAndKept(t *testing.T) {
	p := tiny(t, speaking)
	t.Setenv("GOFLAGS", "-mod=vendor")
	builds := countGo(t)
	paths := make([]string, 4)
	var work sync.WaitGroup
	for i := range paths {
		work.Go(func() {
			var err error
			paths[i], err = p.binary()
			assert.NoError(t, err)
		})
	}
	work.Wait()
	for _, path := range paths {
		assert.Equal(t, paths[0], path)
	}
	assert.Regexp(t, `/cache/say-v1\.2\.3-go1[^/]*-[0-9a-f]{12}$`, paths[0])
	output, err := exec.Command(paths[0]).Output()
	require.NoError(t, err)
	assert.Equal(t, "hello from v1.2.3", string(output))

	p.build = false
	again, err := p.binary()
	require.NoError(t, err)
	assert.Equal(t, paths[0], again)
	assert.Equal(t, "run\n", builds())
	files, err := os.ReadDir(p.cache)
	require.NoError(t, err)
	assert.Len(t, files, 2, "the binary and its lock, and nothing unfinished")
}

// countGo puts a go command into the path that notes each run, and returns what returns the notes.
func countGo(t *testing.T) func() string {
	t.Helper()
	command, err := exec.LookPath("go")
	require.NoError(t, err)
	folder := t.TempDir()
	notes := filepath.Join(folder, "notes")
	script := fmt.Sprintf("#!/bin/sh\necho run >> %s\nexec %s \"$@\"\n", notes, command)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go"), []byte(script), 0o700))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() string {
		raw, err := os.ReadFile(notes)
		require.NoError(t, err)
		return string(raw)
	}
}

func TestPinnedBinaryIsAnotherOneWhenAnythingIsPinnedAnew(t *testing.T) {
	p := tiny(t, speaking)
	before, _, err := p.name()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.module, "go.sum"), []byte("\n"), 0o600))
	after, _, err := p.name()
	require.NoError(t, err)
	assert.NotEqual(t, before, after)
}

func TestPinnedBinaryThatMayNotBeBuilt(t *testing.T) {
	p := tiny(t, speaking)
	p.build = false
	_, err := p.binary()
	require.ErrorContains(t, err, "there is no "+p.cache)
	require.ErrorContains(t, err, "yet and building it takes minutes: run `make e2e` once, or set TRIBUTARY_E2E=1")
	assert.NoDirExists(t, p.cache)
}

func TestPinnedBinaryThatCannotBeBuiltLeavesNothing(t *testing.T) {
	p := tiny(t, "package main\n\nfunc main() { nonsense }\n")
	_, err := p.binary()
	require.ErrorContains(t, err, "build example.test/tiny/cmd/say in ")
	require.ErrorContains(t, err, "undefined: nonsense")
	files, err := filepath.Glob(filepath.Join(p.cache, "*"))
	require.NoError(t, err)
	assert.Len(t, files, 1, "only the lock")
}

func TestPinnedBinaryWithoutAPlace(t *testing.T) {
	p := tiny(t, speaking)
	require.NoError(t, os.WriteFile(p.cache, nil, 0o600))
	_, err := p.binary()
	require.ErrorContains(t, err, "create a folder for the binary of say: ")
	require.ErrorContains(t, err, "set XDG_CACHE_HOME to a folder that you can write to")
}
