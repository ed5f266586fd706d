// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// programFolder is where the programs of the pods are, of which each has a folder.
const programFolder = "./tests/kubernetes/node/programs/"

// Image is the name of the image of a program of the tests: "writer". ImageOf makes it.
func Image(program string) string { return "e2e.local/" + program + ":1" }

// ImageOf builds the image of a program of the tests into a folder, and returns its archive.
func ImageOf(t testing.TB, program, folder string) string {
	t.Helper()
	binary := filepath.Join(folder, program)
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, programFolder+program)
	build.Dir = testkit.Root()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, output)
	}
	archive := binary + ".tar"
	testkit.Image{
		Name: Image(program), Files: map[string]string{program: binary}, Entrypoint: []string{"/" + program}, User: "65532:0",
	}.WriteArchive(t, archive)
	return archive
}
