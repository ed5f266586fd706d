// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// What goes into the image lies in three folders below bin/image/<arch>; the Dockerfile copies them in this order.
const (
	// baseFolder has what changes rarely and is the same for each architecture.
	baseFolder = "base"
	// stateFolder is what /var/lib has: the folder tributary, which belongs to the user of the image.
	stateFolder = "state"
	// binaryFolder has the binary alone: nearly all of the image.
	binaryFolder = "binary"
)

// alsoCalled are the commands of upstream's images: what was written for them says `command: [/otelcol-k8s]`.
var alsoCalled = []string{"otelcol", "otelcol-k8s", "otelcol-contrib"}

// prepare writes into folder what the image has beside the binary, anew.
func prepare(folder, configs string) error {
	base, state := filepath.Join(folder, baseFolder), filepath.Join(folder, stateFolder)
	if err := errors.Join(os.RemoveAll(base), os.RemoveAll(state)); err != nil {
		return err
	}
	err := errors.Join(
		makeFolder(filepath.Join(base, "etc"), 0o755),
		makeFolder(filepath.Join(base, "etc", "ssl"), 0o755),
		makeFolder(filepath.Join(base, "etc", "ssl", "certs"), 0o755),
		// A builder that makes a folder on the way to another one gives it to whom that one belongs.
		makeFolder(filepath.Join(base, "var"), 0o755),
		makeFolder(filepath.Join(base, "var", "lib"), 0o755),
		// Whoever runs with another user and group 0, as OpenShift does, may write too.
		makeFolder(filepath.Join(state, "tributary"), 0o770),
		os.Chmod(filepath.Join(folder, binaryFolder, "tributary"), 0o755),
	)
	if err != nil {
		return err
	}
	for _, name := range alsoCalled {
		if err := os.Symlink("/tributary", filepath.Join(base, name)); err != nil {
			return err
		}
	}
	if err := copyFolder(configs, filepath.Join(base, "etc", "tributary")); err != nil {
		return err
	}
	return writeCertificates(filepath.Join(base, "etc", "ssl", "certs", "ca-certificates.crt"))
}

// copyFolder copies the files and folders below from.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case entry.IsDir():
			return makeFolder(target, 0o755)
		case entry.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return writeFile(target, content)
		default:
			return fmt.Errorf("%s is neither a file nor a folder", path)
		}
	})
}

// writeCertificates writes Mozilla's certificate authorities as PEM. Those that Mozilla trusts with a condition are left
// out: a PEM file cannot say it.
func writeCertificates(path string) error {
	var text []byte
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})...)
		}
	}
	return writeFile(path, text)
}

// makeFolder and writeFile set the mode whatever the umask is: the image must not depend on who builds it.
func makeFolder(path string, mode fs.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}
