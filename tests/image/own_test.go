// SPDX-License-Identifier: Apache-2.0

package image

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// own runs `tributary own` on a folder as the init container of a pod does: user 0, who may change owners and nothing else.
func own(t *testing.T, folder string, args ...string) (exitCode int, output string) {
	t.Helper()
	root := 0
	return container{
		args:         append(append([]string{"own", "--user=65532"}, args...), "/var/lib/tributary"),
		user:         &root,
		capabilities: []string{"CAP_CHOWN"},
		mounts:       []mount{{from: folder, to: "/var/lib/tributary"}},
	}.run(t)
}

// ownerOf is the user and the group of a file, a link not followed.
func ownerOf(t *testing.T, path string) [2]uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	stat := info.Sys().(*syscall.Stat_t)
	return [2]uint32{stat.Uid, stat.Gid}
}

var (
	root      = [2]uint32{0, 0}
	collector = [2]uint32{65532, 0}
)

// fill makes files and folders below folder, which belong to user 1000 and are closed to everybody else.
func fill(t *testing.T, folder string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
	}
	require.NoError(t, filepath.Walk(folder, func(path string, _ os.FileInfo, err error) error {
		require.NoError(t, err)
		return os.Lchown(path, 1000, 1000)
	}))
	require.NoError(t, os.Chmod(folder, 0o700))
}

func TestOwnGivesClosedFoldersWithTheCapabilityChownAlone(t *testing.T) {
	rootOf(t)
	folder := t.TempDir()
	fill(t, folder, "checkpoints/a", "checkpoints/b", "spill/pod_logs/c", "d")
	code, output := own(t, folder)
	require.Zero(t, code, output)
	assert.Equal(t, "/var/lib/tributary: 8 given to 65532:0, 0 belonged to it before\n", output)
	for _, name := range []string{"", "checkpoints", "checkpoints/a", "checkpoints/b", "spill", "spill/pod_logs", "spill/pod_logs/c", "d"} {
		assert.Equal(t, collector, ownerOf(t, filepath.Join(folder, name)), name)
	}
	mode, err := os.Stat(folder)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), mode.Mode().Perm(), "modes stay")

	// Now they are closed to user 0, who has no right to override modes.
	code, output = own(t, folder)
	require.Zero(t, code, output)
	assert.Equal(t, "/var/lib/tributary: 0 given to 65532:0, 8 belonged to it before\n", output)
	assert.Equal(t, collector, ownerOf(t, folder))
	code, output = own(t, folder, "--group=7")
	require.Zero(t, code, output)
	assert.Equal(t, [2]uint32{65532, 7}, ownerOf(t, filepath.Join(folder, "d")))
}

func TestOwnDoesNotGiveWhatLiesElsewhere(t *testing.T) {
	rootOf(t)
	parent := t.TempDir()
	folder, secret := filepath.Join(parent, "state"), filepath.Join(parent, "secret")
	fill(t, folder, "a")
	require.NoError(t, os.WriteFile(secret, nil, 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(folder, "link")))
	require.NoError(t, os.Symlink(parent, filepath.Join(folder, "way-out")))
	require.NoError(t, os.Link(secret, filepath.Join(folder, "second-name")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600))
	code, output := own(t, folder)
	require.Zero(t, code, output)
	assert.Contains(t, output, "left alone: /var/lib/tributary/second-name: the file has another name elsewhere\n")
	assert.Contains(t, output, "left alone: /var/lib/tributary/pipe: it is neither a file nor a folder\n")
	for name, want := range map[string][2]uint32{
		"state": collector, "state/a": collector, "state/link": collector, "state/way-out": collector,
		"secret": root, "state/second-name": root, "state/pipe": root, "": root,
	} {
		assert.Equal(t, want, ownerOf(t, filepath.Join(parent, name)), name)
	}
}

func TestOwnStaysOnTheFileSystem(t *testing.T) {
	rootOf(t)
	folder := t.TempDir()
	fill(t, folder, "a")
	nobody := 0
	code, output := container{
		args: []string{"own", "--user=65532", "/var/lib/tributary"}, user: &nobody, capabilities: []string{"CAP_CHOWN"},
		mounts: []mount{
			{from: folder, to: "/var/lib/tributary"},
			{from: "/proc/sys", to: "/var/lib/tributary/other", readOnly: true},
		},
	}.run(t)
	require.Zero(t, code, output)
	assert.Contains(t, output, "left alone: /var/lib/tributary/other: another file system is mounted there\n")
	assert.Equal(t, collector, ownerOf(t, filepath.Join(folder, "a")))
}

func TestOwnMakesTheFolder(t *testing.T) {
	rootOf(t)
	parent, zero := t.TempDir(), 0
	code, output := container{
		args: []string{"own", "--user=65532", "/mnt/lib/tributary"}, user: &zero, capabilities: []string{"CAP_CHOWN"},
		mounts: []mount{{from: parent, to: "/mnt"}},
	}.run(t)
	require.Zero(t, code, output)
	assert.Equal(t, "/mnt/lib/tributary: created, 1 given to 65532:0, 0 belonged to it before\n", output)
	assert.Equal(t, collector, ownerOf(t, filepath.Join(parent, "lib", "tributary")))
	assert.Equal(t, root, ownerOf(t, filepath.Join(parent, "lib")))
	info, err := os.Stat(filepath.Join(parent, "lib", "tributary"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o750), info.Mode().Perm())
}

func TestOwnSaysWhatIsWrong(t *testing.T) {
	rootOf(t)
	folder, zero := t.TempDir(), 0
	fill(t, folder, "a")
	closed := t.TempDir()
	fill(t, closed, "closed/a")
	require.NoError(t, os.Chmod(filepath.Join(closed, "closed"), 0))
	linked := t.TempDir()
	require.NoError(t, os.Symlink("elsewhere", filepath.Join(linked, "link")))
	require.NoError(t, os.WriteFile(filepath.Join(linked, "a"), nil, 0o600))
	for name, row := range map[string]struct {
		args   []string
		from   string
		ro     bool
		rights []string
		says   string
	}{
		"without the capability": {from: folder, says: "chown /mnt: operation not permitted: run it as user 0 with the capability CHOWN"},
		"a read-only mount":      {from: folder, ro: true, rights: []string{"CAP_CHOWN"}, says: "/mnt: read-only file system: mount it writable"},
		"closed to its owner":    {from: closed, rights: []string{"CAP_CHOWN"}, says: "list /mnt/closed: permission denied, even to its owner: chmod u+rwx it"},
		"a link":                 {args: []string{"/mnt/link"}, from: linked, rights: []string{"CAP_CHOWN"}, says: "/mnt/link is a link; name the folder that it leads to"},
		"a file":                 {args: []string{"/mnt/a"}, from: linked, rights: []string{"CAP_CHOWN"}, says: "/mnt/a is no folder"},
		"no way to it":           {args: []string{"/mnt/b"}, from: folder, rights: []string{"CAP_CHOWN"}, says: "open /mnt/b: permission denied: user 0 has no right to the folder above it"},
		"no user":                {args: []string{"--user=-1", "/mnt"}, from: folder, says: "--user is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			args := row.args
			if args == nil {
				args = []string{"/mnt"}
			}
			c := container{
				args: append([]string{"own", "--user=65532"}, args...), user: &zero, capabilities: row.rights,
				mounts: []mount{{from: row.from, to: "/mnt", readOnly: row.ro}},
			}
			code, output := c.run(t)
			assert.Equal(t, 1, code, output)
			assert.Contains(t, output, "Error: ")
			assert.Contains(t, output, row.says)
			if name == "no user" {
				return
			}
			c.args = append(c.args, "--warn-only")
			code, output = c.run(t)
			assert.Zero(t, code, "an init container that fails would keep the collector from starting")
			assert.Contains(t, output, "Warning: ")
			assert.Contains(t, output, row.says)
		})
	}
}
