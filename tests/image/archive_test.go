// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// scratch is a folder for what the tests share.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "tributary-image-"); err != nil {
		panic(err)
	}
	// Containers run as nobody, and go through it.
	if err := os.Chmod(scratch, 0o755); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(scratch)
		os.Exit(code)
	}))
}

// maxCompressed is how large the layers may be for one architecture, in bytes.
const maxCompressed = 35_000_000

// descriptor, manifest and config are of the OCI image specification, as far as they are used.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int               `json:"size"`
	Annotations  map[string]string `json:"annotations"`
	ArtifactType string            `json:"artifactType"`
	Platform     struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
	} `json:"platform"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type config struct {
	OS           string    `json:"os"`
	Architecture string    `json:"architecture"`
	Created      time.Time `json:"created"`
	Config       struct {
		User         string              `json:"User"`
		Entrypoint   []string            `json:"Entrypoint"`
		Cmd          []string            `json:"Cmd"`
		Env          []string            `json:"Env"`
		WorkingDir   string              `json:"WorkingDir"`
		ExposedPorts map[string]struct{} `json:"ExposedPorts"`
		Labels       map[string]string   `json:"Labels"`
	} `json:"config"`
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// archive is the content of each file in an archive, by its name.
type archive map[string][]byte

func readArchive(t *testing.T, path string) archive {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	files := archive{}
	for r := tar.NewReader(file); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		files[header.Name] = content
	}
}

// decode reads the JSON file that is described, and fails when it is not the one.
func (a archive) decode(t *testing.T, d descriptor, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.blob(t, d), into))
}

func (a archive) blob(t *testing.T, d descriptor) []byte {
	t.Helper()
	algorithm, sum, _ := strings.Cut(d.Digest, ":")
	content := a[filepath.Join("blobs", algorithm, sum)]
	if len(content) != d.Size {
		t.Fatalf("%s has %d bytes, not %d", d.Digest, len(content), d.Size)
	}
	got := sha256.Sum256(content)
	require.Equal(t, sum, hex.EncodeToString(got[:]))
	return content
}

// archiveOf is the image to test.
func archiveOf(t *testing.T) archive {
	t.Helper()
	path := testkit.Image(t)
	readOnce.Do(func() { read = readArchive(t, path) })
	return read
}

var (
	readOnce sync.Once
	read     archive
)

// opened is the image for this machine.
func (a archive) opened(t *testing.T) (manifest, config) {
	t.Helper()
	var index, platforms, image manifest
	var c config
	require.NoError(t, json.Unmarshal(a["index.json"], &index))
	a.decode(t, index.Manifests[0], &platforms)
	a.decode(t, platforms.Manifests[0], &image)
	a.decode(t, image.Config, &c)
	return image, c
}

func TestTheArchiveIsAnImageLayoutOfOneNamedImage(t *testing.T) {
	files := archiveOf(t)
	assert.JSONEq(t, `{"imageLayoutVersion": "1.0.0"}`, string(files["oci-layout"]))
	var index, platforms, image manifest
	require.NoError(t, json.Unmarshal(files["index.json"], &index))
	require.Len(t, index.Manifests, 1, "an archive of one image can be loaded without saying which")
	assert.Equal(t, map[string]string{
		"io.containerd.image.name":          testkit.ImageName,
		"org.opencontainers.image.ref.name": "test",
	}, index.Manifests[0].Annotations)
	assert.Equal(t, "application/vnd.oci.image.index.v1+json", index.Manifests[0].MediaType)

	files.decode(t, index.Manifests[0], &platforms)
	require.Len(t, platforms.Manifests, 1, "ARCHS is that of this machine")
	assert.Equal(t, "linux", platforms.Manifests[0].Platform.OS)
	assert.Equal(t, runtime.GOARCH, platforms.Manifests[0].Platform.Architecture)
	assert.Empty(t, platforms.Manifests[0].ArtifactType)

	files.decode(t, platforms.Manifests[0], &image)
	assert.Equal(t, "application/vnd.oci.image.manifest.v1+json", image.MediaType)
	assert.Equal(t, "application/vnd.oci.image.config.v1+json", image.Config.MediaType)
	for _, l := range image.Layers {
		assert.Equal(t, "application/vnd.oci.image.layer.v1.tar+gzip", l.MediaType)
	}
}

func TestTheConfigSaysHowItRuns(t *testing.T) {
	_, c := archiveOf(t).opened(t)
	assert.Equal(t, "linux", c.OS)
	assert.Equal(t, runtime.GOARCH, c.Architecture)
	assert.Equal(t, "65532:0", c.Config.User)
	assert.Equal(t, []string{"/tributary"}, c.Config.Entrypoint)
	assert.Equal(t, []string{"--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/debug.yaml"}, c.Config.Cmd)
	assert.Empty(t, c.Config.Env)
	assert.Equal(t, "/", c.Config.WorkingDir)
	assert.Equal(t, map[string]struct{}{"4317/tcp": {}, "4318/tcp": {}, "8888/tcp": {}, "13133/tcp": {}}, c.Config.ExposedPorts)
	for label, like := range map[string]string{
		"title":       `^tributary$`,
		"description": `log collector`,
		"licenses":    `^Apache-2\.0$`,
		"source":      `^https://.*/tributary-otel/tributary$`,
		"version":     `^\d+\.\d+\.\d+`,
		"revision":    `^[0-9a-f]{40}$`,
		"created":     `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
	} {
		assert.Regexp(t, like, c.Config.Labels["org.opencontainers.image."+label], label)
	}
	assert.Equal(t, c.Config.Labels["org.opencontainers.image.created"], c.Created.Format(time.RFC3339))
}

func TestTheLayersAreWhatTheConfigSaysAndSmall(t *testing.T) {
	files := archiveOf(t)
	image, c := files.opened(t)
	require.Len(t, c.RootFS.DiffIDs, len(image.Layers))
	total := 0
	for i, l := range image.Layers {
		total += l.Size
		sum := sha256.Sum256(unzip(t, files.blob(t, l)))
		assert.Equal(t, c.RootFS.DiffIDs[i], "sha256:"+hex.EncodeToString(sum[:]))
	}
	assert.Less(t, total, maxCompressed)
	t.Logf("%d bytes compressed", total)
}

func unzip(t *testing.T, content []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	return plain
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	first, again := testkit.Image(t), filepath.Join(t.TempDir(), "again.tar")
	// Everything beside the binary is written anew, at another time and under another umask.
	defer syscall.Umask(syscall.Umask(0o077))
	testkit.ImageAgain(t, again)
	was, is := readArchive(t, first), readArchive(t, again)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	assert.Equal(t, contentOf(t, first), contentOf(t, again))
}

// contentOf is the sum of a file.
func contentOf(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return sha256.Sum256(content)
}
