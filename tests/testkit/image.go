// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// ImageName is what the image of Image is called.
const ImageName = "e2e.local/tributary:test"

// Image returns the absolute path of the container image to test, an archive for the architecture of this machine. The
// first call of a test process brings it up to date with "make -s image".
func Image(t testing.TB) string {
	t.Helper()
	path, err := imageOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var imageOnce = sync.OnceValues(func() (string, error) {
	path := filepath.Join(Root(), "bin", "image", "test.tar")
	return path, buildImage(path)
})

// ImageAgain builds the image of Image once more, as path.
func ImageAgain(t testing.TB, path string) {
	t.Helper()
	if err := buildImage(path); err != nil {
		t.Fatal(err)
	}
}

func buildImage(path string) error {
	return runMake("image", "ARCHS="+runtime.GOARCH, "IMAGE="+ImageName, "ARCHIVE="+path)
}
