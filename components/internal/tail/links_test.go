// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	n := newNode(t)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("a secret\n"), 0o600))
	n.write(web, "9.log", "one")
	require.NoError(t, syscall.Mkfifo(n.path(web, "0.log"), 0o644))
	require.NoError(t, os.Mkdir(n.path(web, "1.log"), 0o755))
	require.NoError(t, os.Symlink(secret, n.path(web, "2.log")))
	require.NoError(t, os.Symlink("3.log", n.path(web, "3.log")))
	listener, err := net.Listen("unix", n.path(web, "4.log"))
	require.NoError(t, err)
	defer listener.Close()
	n.start()
	n.wants("one")
	n.write(web, "9.log", "two")
	n.wants("one", "two")
	assert.Equal(t, 3, n.count(NotRegular))
	assert.Equal(t, 2, n.count(LinkOutside))
}

func TestALinkIntoAnAllowedFolderIsFollowed(t *testing.T) {
	n := newNode(t)
	docker := t.TempDir()
	n.options.LinkTargets = []string{docker}
	target := filepath.Join(docker, "abc", "abc-json.log")
	require.NoError(t, os.Mkdir(filepath.Dir(target), 0o755))
	require.NoError(t, os.WriteFile(target, []byte("one\n"), 0o644))
	require.NoError(t, os.MkdirAll(filepath.Dir(n.path(web, "0.log")), 0o755))
	require.NoError(t, os.Symlink(target, n.path(web, "0.log")))
	n.start()
	n.wants("one")
}

func TestOpenFollowsNoLinkBelowTheRoot(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "0.log"), []byte("a secret\n"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "pod")))
	_, err := OS.Open(root, "pod", "0.log")
	require.Error(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(root, "real"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(outside, "0.log"), filepath.Join(root, "real", "0.log")))
	_, err = OS.Open(root, "real", "0.log")
	require.Error(t, err)
}

func TestAFileBehindALinkIsFollowedWhenItIsReplaced(t *testing.T) {
	n := newNode(t)
	n.options.ScanInterval = time.Hour
	docker := t.TempDir()
	n.options.LinkTargets = []string{docker}
	target := filepath.Join(docker, "abc-json.log")
	require.NoError(t, os.WriteFile(target, []byte(strings.Join(numbered(0, 5), "\n")+"\n"), 0o644))
	require.NoError(t, os.MkdirAll(filepath.Dir(n.path(web, "0.log")), 0o755))
	require.NoError(t, os.Symlink(target, n.path(web, "0.log")))
	n.start()
	n.wants(numbered(0, 5)...)
	require.NoError(t, os.Rename(target, target+".1"))
	require.NoError(t, os.WriteFile(target, []byte(strings.Join(numbered(5, 5), "\n")+"\n"), 0o644))
	n.wants(numbered(0, 10)...)
}
