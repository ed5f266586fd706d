// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// write packs the images as one of several platforms, in the layout of an OCI image, into the archive out.
func write(r release, images []platformImage, out string) error {
	named, err := annotations(r.name)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(filepath.Dir(out), ".image.")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	oci, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	index, err := writeIndex(oci, images)
	if err != nil {
		return err
	}
	index.Annotations = named
	if err := oci.AppendDescriptor(index); err != nil {
		return err
	}
	// An archive is there when it is complete.
	part := folder + ".tar"
	defer func() { _ = os.Remove(part) }()
	if err := pack(folder, part); err != nil {
		return err
	}
	return os.Rename(part, out)
}

// writeIndex writes the images and what lists them by platform, and describes that.
func writeIndex(oci layout.Path, images []platformImage) (v1.Descriptor, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, p := range images {
		if err := oci.WriteImage(p.image); err != nil {
			return v1.Descriptor{}, err
		}
		manifest, err := p.image.RawManifest()
		if err != nil {
			return v1.Descriptor{}, err
		}
		described, err := describe(manifest, types.OCIManifestSchema1)
		if err != nil {
			return v1.Descriptor{}, err
		}
		described.Platform = &v1.Platform{OS: "linux", Architecture: p.arch}
		index.Manifests = append(index.Manifests, described)
	}
	content, err := json.Marshal(index)
	if err != nil {
		return v1.Descriptor{}, err
	}
	described, err := describe(content, types.OCIImageIndex)
	if err != nil {
		return v1.Descriptor{}, err
	}
	return described, oci.WriteBlob(described.Digest, io.NopCloser(bytes.NewReader(content)))
}

func describe(content []byte, kind types.MediaType) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	return v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, err
}

// annotations say what the image is called: to containerd in full, as its kubelet asks for it, and to others by its tag.
func annotations(name string) (map[string]string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, fmt.Errorf("image name %q: %w", name, err)
	}
	tagged, ok := reference.TagNameOnly(named).(reference.NamedTagged)
	if !ok {
		return nil, fmt.Errorf("image name %q has a digest; give it a tag, such as %s:1.0", name, named.Name())
	}
	return map[string]string{
		"io.containerd.image.name":          tagged.String(),
		"org.opencontainers.image.ref.name": tagged.Tag(),
	}, nil
}

// pack writes what is below folder into the archive out, in the order of the names.
func pack(folder, out string) (err error) {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	w := tar.NewWriter(file)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return w.WriteHeader(header(filepath.ToSlash(name)+"/", tar.TypeDir, 0o755, owner{}))
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h := header(filepath.ToSlash(name), tar.TypeReg, 0o644, owner{})
		h.Size = int64(len(content))
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}
