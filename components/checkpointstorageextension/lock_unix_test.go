// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package checkpointstorageextension

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

// childFolder makes this test binary a process that stores one version after the
// other in a folder, and says each that is stored.
const childFolder = "TRIBUTARY_TEST_CHECKPOINT_FOLDER"

func init() {
	if directory := os.Getenv(childFolder); directory != "" {
		fmt.Println(writeVersions(directory))
		os.Exit(1)
	}
}

func writeVersions(directory string) error {
	created, err := NewFactory().Create(context.Background(), extensiontest.NewNopSettings(metadata.Type),
		&Config{Directory: directory, CreateDirectory: true})
	if err != nil {
		return err
	}
	storage := created.(*checkpointStorage)
	if err := storage.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return err
	}
	client, err := storage.GetClient(context.Background(), component.KindReceiver, podLogs, "")
	if err != nil {
		return err
	}
	value, err := client.Get(context.Background(), "a")
	if err != nil {
		return err
	}
	n := 0
	if value != nil {
		if _, err := fmt.Sscanf(string(value), "offset %d", &n); err != nil {
			return err
		}
	}
	for {
		n++
		if err := store(client, n); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// child is a running process that stores versions.
type child struct {
	*exec.Cmd
	out *bufio.Scanner
}

func startChild(t *testing.T, directory string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childFolder+"="+directory)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewScanner(out)
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.kill() })
	return c
}

// kill is kill -9. It returns the last version that the process said is stored.
func (c *child) kill() (last int) {
	_ = c.Process.Kill()
	for c.out.Scan() {
		if n, err := strconv.Atoi(c.out.Text()); err == nil {
			last = n
		}
	}
	_ = c.Wait()
	return last
}

func TestKilledWhileWriting(t *testing.T) {
	directory := t.TempDir()
	kills := 50
	if testing.Short() {
		kills = 5
	}
	last := 0
	for n := range kills {
		c := startChild(t, directory)
		require.True(t, c.out.Scan(), "the process stores something")
		first, err := strconv.Atoi(c.out.Text())
		require.NoErrorf(t, err, c.out.Text())
		require.Contains(t, []int{last + 1, last + 2}, first, "it goes on where the one before was killed")
		// At any moment of a write, which takes some milliseconds.
		<-time.After(time.Duration(n) * 731 * time.Microsecond)
		last = max(first, c.kill())
		state := stored(t, directory)
		require.Contains(t, []map[string]string{version(last), version(last + 1)}, state)
		require.Empty(t, without(files(t, directory), "lock", file+".a", file+".b"))
	}
	t.Logf("%d kills, %d writes", kills, last)
}

// without are the names that are none of the known ones.
func without(names []string, known ...string) (rest []string) {
	for _, name := range names {
		if !slices.Contains(known, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

func TestASecondProcessIsRefused(t *testing.T) {
	directory := t.TempDir()
	c := startChild(t, directory)
	require.True(t, c.out.Scan())
	host, err := os.Hostname()
	require.NoError(t, err)
	second := newRunning(t, directory)
	require.EqualError(t, second.Start(t.Context(), second.host), fmt.Sprintf("folder %s is in use by process %d on host %s; "+
		"collectors must not share their checkpoints: stop the other one, or set another `directory`", directory, c.Process.Pid, host))
	require.NoError(t, second.Shutdown(t.Context()))

	// The kernel gives the folder back.
	c.kill()
	start(t, directory).stop(t)
}

func TestASecondExtensionIsRefused(t *testing.T) {
	directory := t.TempDir()
	first := start(t, directory)
	second := newRunning(t, filepath.Join(directory, "..", filepath.Base(directory)))
	require.ErrorContains(t, second.Start(t.Context(), second.host), "is in use by another extension of this collector; ")
	first.stop(t)
	start(t, directory)
}

func TestALockFileWithoutASignature(t *testing.T) {
	for _, content := range []string{"", "x\n", "12", "99999999999999999999 host\n"} {
		path := filepath.Join(t.TempDir(), lockName)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		assert.Equal(t, "another process", holder(path))
	}
	assert.Equal(t, "another process", holder(filepath.Join(t.TempDir(), lockName)))
}

func TestAPipeIsNotOpened(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(directory, file+".a"), 0o600))
	r := start(t, directory)
	assert.Empty(t, content(t, r.client(t)))
	assert.Equal(t, int64(1), r.sum(t, "damaged_snapshots"))
}

func TestTheFolderMayVanish(t *testing.T) {
	for _, c := range []struct {
		name   string
		vanish func(t *testing.T, directory string)
	}{
		{"removed", func(t *testing.T, directory string) { require.NoError(t, os.RemoveAll(directory)) }},
		{"removed with the one above", func(t *testing.T, directory string) { require.NoError(t, os.RemoveAll(filepath.Dir(directory))) }},
		{"only the lock file", func(t *testing.T, directory string) {
			require.NoError(t, os.Remove(filepath.Join(directory, lockName)))
		}},
		{"another one in its place", func(t *testing.T, directory string) {
			other := start(t, filepath.Join(t.TempDir(), "other"))
			client := other.client(t)
			for n := range 20 {
				set(t, client, "old", fmt.Sprint(n))
			}
			other.stop(t)
			require.NoError(t, os.RemoveAll(directory))
			require.NoError(t, os.Rename(other.directory, directory))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "a", "b")
			r := start(t, directory)
			client := r.client(t)
			set(t, client, "a", "1")
			c.vanish(t, directory)
			set(t, client, "b", "2")
			second := newRunning(t, directory)
			require.ErrorContains(t, second.Start(t.Context(), second.host), "is in use")
			r.stop(t)
			assert.Equal(t, map[string]string{"a": "1", "b": "2"}, stored(t, directory))
			assert.Equal(t, componentstatus.StatusNone, r.host.last(), "no trouble to report")
		})
	}
}

func TestAnotherProcessTakesTheFolderMeanwhile(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	set(t, client, "a", "1")
	require.NoError(t, os.Remove(filepath.Join(directory, lockName)))
	thief := start(t, directory)
	err := client.Set(t.Context(), "a", []byte("2"))
	require.ErrorContains(t, err, `save the state of receiver "pod_logs": folder `+directory+" is in use by another extension")
	assert.Equal(t, map[string]string{"a": "1"}, content(t, thief.client(t)))
	thief.stop(t)
	set(t, client, "b", "3")
	r.stop(t)
	assert.Equal(t, map[string]string{"a": "2", "b": "3"}, stored(t, directory))
}
