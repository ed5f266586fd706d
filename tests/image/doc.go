// SPDX-License-Identifier: Apache-2.0

// Package image tests the container image that `make image` writes: what it says of
// itself, each file in it, and that it runs where it has to: with a read-only root, as
// nobody, without a capability, in place of the image that the Helm chart of the
// Collector names, and with what an init container may do.
//
// Containers are run by runc with the network of the machine, which needs root; so does
// the build of the Dockerfile by buildah. Both are Debian packages, and skipped without.
//
// Reading order: archive_test.go (the archive as it lies there), files_test.go,
// container_test.go (how one is run), and the rest.
package image
