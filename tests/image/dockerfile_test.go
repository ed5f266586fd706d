// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// buildah runs buildah with a storage of the test's own.
func buildah(t *testing.T, storage string, args ...string) {
	t.Helper()
	global := []string{
		"--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run"), "--storage-driver", "vfs",
	}
	command := exec.Command("buildah", append(global, args...)...)
	command.Dir = testkit.Root()
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
}

func TestTheDockerfileMakesTheSameImage(t *testing.T) {
	if _, err := exec.LookPath("buildah"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and buildah, of the Debian package of that name: builds the Dockerfile")
	}
	ours := archiveOf(t)
	_, want := ours.opened(t)
	testkit.LockBuild(t) // It takes what lies below bin/image.
	storage, path := t.TempDir(), filepath.Join(t.TempDir(), "built.tar")
	label := func(name string) string { return want.Config.Labels["org.opencontainers.image."+name] }
	buildah(t, storage, "bud", "--isolation", "chroot", "--tag", "built", "--platform", want.OS+"/"+want.Architecture,
		"--build-arg", "VERSION="+label("version"), "--build-arg", "REVISION="+label("revision"),
		"--build-arg", "CREATED="+label("created"), "--layers", ".")
	buildah(t, storage, "push", "built", "oci-archive:"+path)

	built := readArchive(t, path)
	var index, image manifest
	var got config
	require.NoError(t, json.Unmarshal(built["index.json"], &index))
	built.decode(t, index.Manifests[0], &image)
	built.decode(t, image.Config, &got)
	delete(got.Config.Labels, "io.buildah.version")
	assert.Equal(t, want.OS, got.OS)
	assert.Equal(t, want.Architecture, got.Architecture)
	// buildah gives an image without variables a PATH.
	got.Config.Env = slices.DeleteFunc(got.Config.Env, func(env string) bool {
		return env == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	})
	if len(got.Config.Env) == 0 {
		got.Config.Env = want.Config.Env
	}
	assert.Equal(t, want.Config, got.Config)

	theirs, files := filesIn(t, built, image), filesOf(t)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(files)), slices.Collect(maps.Keys(theirs)))
	for path, f := range files {
		their := theirs[path]
		if !assert.NotNil(t, their.Header, path) {
			continue
		}
		assert.Equal(t, f.Typeflag, their.Typeflag, path)
		assert.Equal(t, f.Mode, their.Mode&0o7777, path)
		assert.Equal(t, [2]int{f.Uid, f.Gid}, [2]int{their.Uid, their.Gid}, path)
		assert.Equal(t, f.Linkname, their.Linkname, path)
		assert.True(t, bytes.Equal(f.content, their.content), path)
	}
}
