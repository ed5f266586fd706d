// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// ProgramImage is a container image of one layer, for this machine's architecture.
type ProgramImage struct {
	// Name is what it is called, with a tag. A name with a dot before the first slash is not looked for anywhere else.
	Name string
	// Files are paths in the image, without a slash at the start, and the files or folders that they come from. Whoever runs
	// the image can read them all.
	Files map[string]string
	// Links are paths in the image and what they lead to.
	Links map[string]string
	// Entrypoint and Cmd are what is run, User who runs it.
	Entrypoint, Cmd []string
	User            string
}

// WriteArchive writes the image as an archive that `ctr images import`, `docker load` and `podman load` take. The same content
// makes the same image.
func (i ProgramImage) WriteArchive(t testing.TB, file string) {
	t.Helper()
	if err := i.writeArchive(file); err != nil {
		t.Fatalf("write the image %s: %v", i.Name, err)
	}
}

func (i ProgramImage) writeArchive(file string) error {
	layer, err := os.CreateTemp(filepath.Dir(file), "layer-")
	if err != nil {
		return err
	}
	defer func() { _ = layer.Close(); _ = os.Remove(layer.Name()) }()
	digest := sha256.New()
	if err := i.writeLayer(io.MultiWriter(layer, digest)); err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": i.Entrypoint, "Cmd": i.Cmd, "User": i.User},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", digest.Sum(nil))}},
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(config)
	name := hex.EncodeToString(sum[:]) + ".json"
	manifest, err := json.Marshal([]any{map[string]any{"Config": name, "RepoTags": []string{i.Name}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	archive := tar.NewWriter(out)
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		size    int64
		content io.Reader
	}{
		{"manifest.json", int64(len(manifest)), bytes.NewReader(manifest)},
		{name, int64(len(config)), bytes.NewReader(config)},
		{"layer.tar", size, layer},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: part.name, Mode: 0o644, Size: part.size}); err != nil {
			return err
		}
		if _, err := io.Copy(archive, part.content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return out.Close()
}

// writeLayer writes the files, with the folders that they are in.
func (i ProgramImage) writeLayer(w io.Writer) error {
	entries, err := i.expand()
	if err != nil {
		return err
	}
	layer := tar.NewWriter(w)
	done := map[string]bool{".": true}
	folder := func(name string) error {
		var missing []string
		for ; !done[name]; name = path.Dir(name) {
			missing = append(missing, name)
			done[name] = true
		}
		for _, name := range slices.Backward(missing) {
			if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if err := folder(path.Dir(name)); err != nil {
			return err
		}
		if err := addFile(layer, name, entries[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.Links)) {
		if err := folder(path.Dir(name)); err != nil {
			return err
		}
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: i.Links[name], Mode: 0o777}); err != nil {
			return err
		}
	}
	return layer.Close()
}

// expand replaces folders by the files in them.
func (i ProgramImage) expand() (map[string]string, error) {
	entries := map[string]string{}
	for name, source := range i.Files {
		err := filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				rest, _ := filepath.Rel(source, file)
				entries[path.Join(name, filepath.ToSlash(rest))] = file
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for name := range entries {
		if strings.HasPrefix(name, "/") {
			return nil, fmt.Errorf("%s begins with a slash", name)
		}
	}
	return entries, nil
}

// addFile adds one file with whether it can be run, and nothing else of its owner and mode.
func addFile(layer *tar.Writer, name, source string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := layer.WriteHeader(&tar.Header{Name: name, Mode: 0o644 | int64(info.Mode().Perm()&0o111), Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(layer, file)
	return err
}
