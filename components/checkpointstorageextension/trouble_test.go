// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// obstruct puts something into the way of the snapshots of pod_logs, which even root
// cannot write over.
func obstruct(t *testing.T, directory string) (remove func()) {
	t.Helper()
	for _, ending := range endings {
		require.NoError(t, os.MkdirAll(filepath.Join(directory, file+ending+temporaryEnding, "full"), 0o700))
	}
	return func() {
		for _, ending := range endings {
			require.NoError(t, os.RemoveAll(filepath.Join(directory, file+ending+temporaryEnding)))
		}
	}
}

func TestTroubleIsReportedOnceAndSoIsItsEnd(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	other, err := r.GetClient(t.Context(), component.KindExporter, component.MustNewID("loki"), "")
	require.NoError(t, err)
	set(t, client, "a", "0")
	assert.Equal(t, componentstatus.StatusNone, r.host.last())

	remove := obstruct(t, directory)
	for range 3 {
		require.Error(t, client.Set(t.Context(), "a", []byte("1")))
		set(t, other, "b", time.Now().String())
	}
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.last(), "another component's success changes nothing")
	assert.Len(t, r.host.events, 1)
	require.ErrorContains(t, r.host.events[0].Err(), `save the state of receiver "pod_logs": `)
	assert.Equal(t, int64(1), r.sum(t, "unsaved"))
	got, err := client.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "1", string(got))

	remove()
	set(t, client, "a", "1")
	assert.Equal(t, componentstatus.StatusOK, r.host.last())
	assert.Zero(t, r.sum(t, "unsaved"))
	assert.Equal(t, int64(1+3+3+1), r.sum(t, "write_duration"))
	assert.Positive(t, r.sum(t, "written"))

	// What comes and goes changes the status each time, and is logged once a minute.
	remove = obstruct(t, directory)
	require.Error(t, client.Set(t.Context(), "a", []byte("2")))
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.last())
	remove()
	set(t, client, "a", "3")
	assert.Equal(t, componentstatus.StatusOK, r.host.last())
	assert.Len(t, r.host.events, 4)
	assert.Equal(t, []string{
		"Checkpoints are in memory only. After a restart, what was delivered since may be delivered again",
		"The checkpoints are on the disk again",
	}, r.messages())
}

func TestAClosedComponentIsNoTrouble(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	obstruct(t, directory)
	require.Error(t, client.Set(t.Context(), "a", nil))
	require.Error(t, client.Close(t.Context()))
	assert.Zero(t, r.sum(t, "unsaved"))
	assert.Equal(t, componentstatus.StatusOK, r.host.last())
}

func TestTroubleThatLastsIsNamedEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		directory := t.TempDir()
		r := start(t, directory)
		client := r.client(t)
		remove := obstruct(t, directory)
		require.Error(t, client.Set(t.Context(), "a", []byte("1")))
		<-time.After(5*time.Minute + time.Second)
		assert.Equal(t, int64(1+30), r.sum(t, "write_duration"), "it is tried every 10 s")
		assert.Len(t, r.messages(), 6)

		remove()
		<-time.After(tryAgain)
		assert.Equal(t, componentstatus.StatusOK, r.host.last(), "nobody stores anything, and all is well again")
		steps := r.sum(t, "write_duration")
		<-time.After(time.Hour)
		assert.Equal(t, steps, r.sum(t, "write_duration"))
		r.stop(t)
		assert.Equal(t, map[string]string{"a": "1"}, stored(t, directory))
	})
}

func TestAFolderThatCannotBeMadeDoesNotKeepFromStarting(t *testing.T) {
	above := filepath.Join(t.TempDir(), "above")
	require.NoError(t, os.WriteFile(above, nil, 0o600))
	directory := filepath.Join(above, "checkpoints")
	r := start(t, directory)
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.last())
	client := r.client(t)
	require.ErrorContains(t, client.Set(t.Context(), "a", []byte("1")), "create the folder: ")
	assert.Equal(t, map[string]string{"a": "1"}, content(t, client))

	require.NoError(t, os.Remove(above))
	set(t, client, "b", "2")
	assert.Equal(t, componentstatus.StatusOK, r.host.last())
	r.stop(t)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, stored(t, directory))
}

// The state in memory is newer than what turns up in the folder, however large its
// numbers are.
func TestAFolderMayComeLate(t *testing.T) {
	parent := t.TempDir()
	early := start(t, filepath.Join(parent, "early"))
	client := early.client(t)
	for _, value := range []string{"1", "2", "3", "4"} {
		set(t, client, "old", value)
	}
	early.stop(t)
	writeFile(t, early.directory, file+".a", []byte("damaged"))

	above := filepath.Join(parent, "above")
	require.NoError(t, os.WriteFile(above, nil, 0o600))
	r := start(t, filepath.Join(above, "late"))
	client = r.client(t)
	require.Error(t, client.Set(t.Context(), "new", []byte("1")))
	require.NoError(t, os.Remove(above))
	require.NoError(t, os.Mkdir(above, 0o700))
	require.NoError(t, os.Rename(early.directory, r.directory))
	set(t, client, "new", "2")
	r.stop(t)
	assert.Equal(t, map[string]string{"new": "2"}, stored(t, r.directory))
	assert.Equal(t, "damaged", string(readFile(t, r.directory, file+".1.bad")))
}

func TestNothingIsOpenedAfterShutdown(t *testing.T) {
	r := start(t, t.TempDir())
	client := r.client(t)
	r.stop(t)
	r.stop(t)
	_, err := r.GetClient(t.Context(), component.KindReceiver, podLogs, "")
	require.EqualError(t, err, `open the state of receiver "pod_logs": the extension is shut down`)
	require.ErrorIs(t, client.Set(t.Context(), "a", nil), errClosed)
}

func TestAShutdownWithoutAStart(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "none")
	r := newRunning(t, directory)
	require.NoError(t, r.Shutdown(t.Context()))
	assert.NoDirExists(t, directory)
}

func TestALargeStateIsNamedOnce(t *testing.T) {
	r := start(t, t.TempDir())
	client := r.client(t)
	set(t, client, "a", string(make([]byte, largeBytes)))
	set(t, client, "b", "1")
	assert.Equal(t, []string{"The state is large, and each change writes all of it. file_storage suits this component better"}, r.messages())
}
