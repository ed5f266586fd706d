// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tributary-otel/tributary/tests/loki"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// programFolder is where the programs of the pods are, of which each has a folder.
const programFolder = "./tests/kubernetes/node/programs/"

// Image is the name of the image of a program of the tests: "writer". ImageOf makes it.
func Image(program string) string { return "e2e.local/" + program + ":1" }

// LokiImage is the name of the image that LoadLoki makes, as its manifests have it, but for where it comes from.
const LokiImage = "e2e.local/loki:3.7.8"

// LoadLoki gives a real Loki to the node. The test is skipped where it is not built, see testkit.Pinned.
func (n *Node) LoadLoki(t testing.TB) {
	t.Helper()
	archive := n.file("loki.tar")
	testkit.ProgramImage{
		Name: LokiImage, Files: map[string]string{"usr/bin/loki": loki.Binary(t)}, Entrypoint: []string{"/usr/bin/loki"}, User: "10001:10001",
	}.WriteArchive(t, archive)
	n.Load(t, archive)
}

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
	testkit.ProgramImage{
		Name: Image(program), Files: map[string]string{program: binary}, Entrypoint: []string{"/" + program}, User: "65532:0",
	}.WriteArchive(t, archive)
	return archive
}
