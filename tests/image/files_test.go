// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// file is one file of a layer.
type file struct {
	*tar.Header
	content []byte
	layer   int
}

// filesOf are the files of the image, a later layer over an earlier one.
func filesOf(t *testing.T) map[string]file {
	t.Helper()
	packed := archiveOf(t)
	image, _ := packed.opened(t)
	return filesIn(t, packed, image)
}

func filesIn(t *testing.T, packed archive, image manifest) map[string]file {
	t.Helper()
	files := map[string]file{}
	for i, l := range image.Layers {
		for r := tar.NewReader(bytes.NewReader(unzip(t, packed.blob(t, l)))); ; {
			header, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			files["/"+strings.TrimSuffix(header.Name, "/")] = file{Header: header, content: content, layer: i}
		}
	}
	return files
}

func TestTheFilesOfTheImage(t *testing.T) {
	files := filesOf(t)
	for path, want := range map[string]struct {
		kind     byte
		mode     int64
		uid, gid int
		link     string
	}{
		"/tributary":                         {kind: tar.TypeReg, mode: 0o755},
		"/otelcol":                           {kind: tar.TypeSymlink, mode: 0o777, link: "/tributary"},
		"/otelcol-k8s":                       {kind: tar.TypeSymlink, mode: 0o777, link: "/tributary"},
		"/otelcol-contrib":                   {kind: tar.TypeSymlink, mode: 0o777, link: "/tributary"},
		"/etc":                               {kind: tar.TypeDir, mode: 0o755},
		"/etc/tributary":                     {kind: tar.TypeDir, mode: 0o755},
		"/etc/ssl":                           {kind: tar.TypeDir, mode: 0o755},
		"/etc/ssl/certs":                     {kind: tar.TypeDir, mode: 0o755},
		"/etc/ssl/certs/ca-certificates.crt": {kind: tar.TypeReg, mode: 0o644},
		"/var":                               {kind: tar.TypeDir, mode: 0o755},
		"/var/lib":                           {kind: tar.TypeDir, mode: 0o755},
		// For its user, and for any other user in group 0.
		"/var/lib/tributary": {kind: tar.TypeDir, mode: 0o770, uid: 65532},
	} {
		got, there := files[path]
		if !assert.True(t, there, path) {
			continue
		}
		assert.Equal(t, want.kind, got.Typeflag, path)
		assert.Equal(t, want.mode, got.Mode, path)
		assert.Equal(t, [2]int{want.uid, want.gid}, [2]int{got.Uid, got.Gid}, path)
		assert.Equal(t, want.link, got.Linkname, path)
		delete(files, path)
	}

	// What is left are the configurations, as they are in the repository.
	configs := filepath.Join(testkit.Root(), "distro", "config")
	require.NoError(t, filepath.WalkDir(configs, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		name := "/etc/tributary" + strings.TrimPrefix(path, configs)
		got, there := files[name]
		if path == configs || !assert.True(t, there, name) {
			return nil
		}
		delete(files, name)
		assert.Zero(t, got.Uid+got.Gid, name)
		if entry.IsDir() {
			assert.Equal(t, int64(0o755), got.Mode, name)
			return nil
		}
		assert.Equal(t, int64(0o644), got.Mode, name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, got.content, name)
		return nil
	}))
	for name := range files {
		t.Errorf("%s is in the image and nobody knows why", name)
	}
}

func TestNothingInTheImageGivesRights(t *testing.T) {
	for path, f := range filesOf(t) {
		assert.Zero(t, f.Mode&0o7000, "%s: setuid, setgid or sticky", path)
		assert.Zero(t, f.Mode&0o002*int64(tar.TypeSymlink-f.Typeflag), "%s: anybody may write", path)
		assert.Empty(t, f.PAXRecords, "%s: file capabilities and other attributes", path)
		assert.NotContains(t, []string{"sh", "bash", "busybox"}, filepath.Base(path))
		assert.Zero(t, f.ModTime.Unix(), "%s: the same files are the same layer in each version", path)
	}
}

func TestTheBinaryIsTheLastLayerAlone(t *testing.T) {
	files := filesOf(t)
	last := files["/tributary"].layer
	for path, f := range files {
		if path != "/tributary" {
			assert.Less(t, f.layer, last, path)
		}
	}
}

func TestTheCertificateAuthoritiesAreMozillas(t *testing.T) {
	rest := filesOf(t)["/etc/ssl/certs/ca-certificates.crt"].content
	var names []string
	for len(rest) > 0 {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		require.NotNil(t, block, "something that is no certificate")
		require.Equal(t, "CERTIFICATE", block.Type)
		root, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		assert.True(t, root.IsCA, root.Subject)
		names = append(names, root.Subject.CommonName)
	}
	assert.Greater(t, len(names), 100)
	assert.Contains(t, names, "ISRG Root X1")
	assert.Contains(t, names, "GTS Root R1")
}
