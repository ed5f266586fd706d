// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// smallDisk mounts a file system of 256 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
		t.Skipf("only root may mount a file system: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(directory, 0)) })
	return directory
}

func TestAFullDisk(t *testing.T) {
	mounted := smallDisk(t)
	directory := filepath.Join(mounted, "checkpoints")
	r := start(t, directory)
	client := r.client(t)
	set(t, client, "a", "1")
	set(t, client, "a", "2")

	filler := filepath.Join(mounted, "filler")
	require.ErrorIs(t, os.WriteFile(filler, make([]byte, 1<<20), 0o600), syscall.ENOSPC)
	err := client.Set(t.Context(), "a", []byte("3"))
	require.ErrorIs(t, err, storage.ErrStorageFull)
	require.ErrorContains(t, err, "no space left on device; free space on the disk")
	require.ErrorContains(t, err, directory)
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.last())
	assert.Equal(t, map[string]string{"a": "3"}, content(t, client))
	require.Error(t, client.Close(t.Context()))

	client = r.client(t)
	assert.Equal(t, map[string]string{"a": "2"}, content(t, client), "the snapshots are as they were")
	require.Error(t, client.Set(t.Context(), "a", []byte("4")))
	require.NoError(t, os.Remove(filler))
	set(t, client, "b", "5")
	assert.Equal(t, componentstatus.StatusOK, r.host.last())
	r.stop(t)
	assert.Equal(t, map[string]string{"a": "4", "b": "5"}, stored(t, directory))

	// A state that has grown until only one snapshot fits.
	r = start(t, directory)
	client = r.client(t)
	set(t, client, "large", string(make([]byte, 100<<10)))
	require.ErrorIs(t, client.Set(t.Context(), "large", make([]byte, 200<<10)), storage.ErrStorageFull)
	set(t, client, "large", "small")
	r.stop(t)
	assert.Equal(t, map[string]string{"a": "4", "b": "5", "large": "small"}, stored(t, directory))
}

func TestAReadOnlyDisk(t *testing.T) {
	directory := smallDisk(t)
	r := start(t, directory)
	client := r.client(t)
	set(t, client, "a", "1")

	readOnly := func(flag uintptr) {
		require.NoError(t, syscall.Mount("", directory, "", syscall.MS_REMOUNT|flag, "size=256k,mode=0700"))
	}
	r.stop(t)
	writeFile(t, directory, file+".b", []byte("damaged"))
	readOnly(syscall.MS_RDONLY)
	r = start(t, directory)
	client = r.client(t)
	assert.Equal(t, map[string]string{"a": "1"}, content(t, client), "reading goes on")
	require.ErrorContains(t, client.Set(t.Context(), "a", []byte("2")), "read-only file system; mount the file system so that it can be written")
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.last())

	readOnly(0)
	set(t, client, "a", "3")
	r.stop(t)
	assert.Equal(t, map[string]string{"a": "3"}, stored(t, directory))
}

// asNobody does something without root's right to write everything.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	// The kernel keeps this by thread, and takes root's rights away with it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Skipf("cannot become nobody: %v", err)
	}
	defer func() { _ = syscall.Setfsuid(os.Geteuid()) }()
	do()
}

func TestAFolderThatMayNotBeWritten(t *testing.T) {
	directory := t.TempDir()
	for at := directory; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		require.NoError(t, os.Chmod(at, 0o755))
	}
	may := func(mode os.FileMode) { require.NoError(t, os.Chmod(directory, mode)) }
	refused := "permission denied; let user "
	may(0o777)
	r, late := start(t, directory), newRunning(t, directory)
	client := r.client(t)
	asNobody(t, func() { set(t, client, "a", "1") })
	may(0o555)
	asNobody(t, func() { require.ErrorContains(t, client.Set(t.Context(), "a", []byte("2")), refused) })
	may(0o777)
	asNobody(t, func() { set(t, client, "b", "3") })
	r.stop(t)

	// From the start on, nothing but reading.
	require.NoError(t, os.Remove(filepath.Join(directory, lockName)))
	may(0o555)
	asNobody(t, func() {
		require.NoError(t, late.Start(t.Context(), late.host))
		assert.Equal(t, componentstatus.StatusRecoverableError, late.host.last())
		client = late.client(t)
		assert.Equal(t, map[string]string{"a": "2", "b": "3"}, content(t, client))
		require.ErrorContains(t, client.Set(t.Context(), "a", []byte("4")), refused)
	})
	may(0o777)
	asNobody(t, func() { set(t, client, "b", "5") })
	late.stop(t)
	assert.Equal(t, map[string]string{"a": "4", "b": "5"}, stored(t, directory))
}
