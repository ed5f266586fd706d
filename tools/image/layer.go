// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// owner is a user and a group.
type owner struct{ uid, gid int }

// layer packs what is below folder. at is its place in the image: "" for the root, or a folder that an earlier layer has.
func layer(folder, at string, who owner) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		return add(w, file, path.Join(at, filepath.ToSlash(name)), entry, who)
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.BestCompression),
		tarball.WithCompressedCaching,
	)
}

func add(w *tar.Writer, file, name string, entry fs.DirEntry, who owner) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	mode := int64(info.Mode().Perm())
	switch {
	case entry.IsDir():
		return w.WriteHeader(header(name+"/", tar.TypeDir, mode, who))
	case entry.Type() == fs.ModeSymlink:
		target, err := os.Readlink(file)
		if err != nil {
			return err
		}
		h := header(name, tar.TypeSymlink, 0o777, who)
		h.Linkname = target
		return w.WriteHeader(h)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h := header(name, tar.TypeReg, mode, who)
	h.Size = int64(len(content))
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// header has no time: a layer whose files are the same is the same in each version, and is fetched once.
func header(name string, kind byte, mode int64, who owner) *tar.Header {
	return &tar.Header{
		Typeflag: kind, Name: name, Mode: mode, Uid: who.uid, Gid: who.gid,
		ModTime: time.Unix(0, 0), Format: tar.FormatPAX,
	}
}
