// SPDX-License-Identifier: Apache-2.0

// Program image writes the container image of Tributary, without a container engine: `make image` runs it.
//
//	go -C tools run ./image -name tributary:0.1.0 -out ../bin/tributary-0.1.0.tar amd64 arm64
//
// It expects the binaries as bin/image/<arch>/binary/tributary, puts the files that go with them beside (root.go; the
// Dockerfile takes them from there), and packs both into an archive with the layout of an OCI image (image.go,
// archive.go). The same input gives the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// release is what the image says of itself.
type release struct {
	name     string // of the image, with a tag.
	version  string
	revision string
	created  time.Time
}

func main() {
	var r release
	var created string
	flag.StringVar(&r.name, "name", "", "name and tag of the image")
	flag.StringVar(&r.version, "version", "", "version of Tributary")
	flag.StringVar(&r.revision, "revision", "", "commit that was built")
	flag.StringVar(&created, "created", "0", "when that was made, in seconds since 1970")
	top := flag.String("top", "..", "top folder of the repository")
	out := flag.String("out", "", "archive to write")
	flag.Parse()

	seconds, err := strconv.ParseInt(created, 10, 64)
	r.created = time.Unix(seconds, 0).UTC()
	if err == nil {
		err = run(r, *top, *out, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(r release, top, out string, archs []string) error {
	if r.name == "" || out == "" || len(archs) == 0 {
		return fmt.Errorf("-name, -out and at least one architecture are needed")
	}
	images := make([]platformImage, 0, len(archs))
	for _, arch := range archs {
		folder := filepath.Join(top, "bin", "image", arch)
		if err := prepare(folder, filepath.Join(top, "distro", "config")); err != nil {
			return fmt.Errorf("prepare %s: %w", folder, err)
		}
		img, err := build(r, arch, folder)
		if err != nil {
			return fmt.Errorf("build the image for %s: %w", arch, err)
		}
		images = append(images, platformImage{arch: arch, image: img})
	}
	if err := write(r, images, out); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	return nil
}
