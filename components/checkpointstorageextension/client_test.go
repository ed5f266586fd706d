// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

func TestStoredValuesAreThereAtOnceAndAfterARestart(t *testing.T) {
	directory := t.TempDir()
	for _, c := range []struct{ name, key, value string }{
		{"text", "file", "offset 17"},
		{"bytes that are no text", "\xff\x00", "\x00\xfe"},
		{"an empty key", "", "value"},
		{"an empty value", "empty", ""},
		{"a key with everything", "a/../b\n.c~ü", "1"},
		{"a value of 8 MiB", "large", string(make([]byte, 8<<20))},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, directory)
			client := r.client(t)
			set(t, client, c.key, c.value)
			got, err := client.Get(t.Context(), c.key)
			require.NoError(t, err)
			require.NotNil(t, got)
			require.Equal(t, c.value, string(got))
			r.stop(t)
			got, err = start(t, directory).client(t).Get(t.Context(), c.key)
			require.NoError(t, err)
			require.NotNil(t, got)
			require.Equal(t, c.value, string(got))
		})
	}
}

func TestAMissingKeyIsNoError(t *testing.T) {
	client := start(t, t.TempDir()).client(t)
	got, err := client.Get(t.Context(), "missing")
	require.NoError(t, err)
	assert.Nil(t, got)
	assert.NoError(t, client.Delete(t.Context(), "missing"))
}

func TestADeletedKeyStaysAway(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	set(t, client, "a", "1")
	set(t, client, "b", "1")
	require.NoError(t, client.Delete(t.Context(), "a"))
	assert.Equal(t, map[string]string{"b": "1"}, content(t, client))
	r.stop(t)
	assert.Equal(t, map[string]string{"b": "1"}, stored(t, directory))
}

func TestABatchIsDoneInItsOrder(t *testing.T) {
	client := start(t, t.TempDir()).client(t)
	set(t, client, "a", "0")
	ops := []*storage.Operation{
		storage.GetOperation("a"), storage.SetOperation("a", []byte("1")), storage.GetOperation("a"),
		storage.DeleteOperation("a"), storage.GetOperation("a"), storage.SetOperation("a", []byte("2")),
	}
	require.NoError(t, client.Batch(t.Context(), ops...))
	assert.Equal(t, []string{"0", "1", ""}, []string{string(ops[0].Value), string(ops[2].Value), string(ops[4].Value)})
	assert.Nil(t, ops[4].Value)
	assert.Equal(t, map[string]string{"a": "2"}, content(t, client))
}

func TestABatchThatCannotBeDoneChangesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		op   *storage.Operation
		want string
	}{
		{"no operation", nil, "must not be nil"},
		{"an unknown operation", &storage.Operation{Type: 7}, "must be get, set or delete, got 7"},
		{"a state above the limit", storage.SetOperation("large", make([]byte, maxSnapshotBytes)), "the limit is 268435456: this storage is for small state; use file_storage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newFakeDisk()
			client := openOn(t, d)
			require.NoError(t, store(client, 1))
			before := *client.state
			d.steps = nil
			err := client.Batch(t.Context(), storage.SetOperation("a", nil), storage.DeleteOperation("b"),
				storage.SetOperation("new", nil), storage.SetOperation("a", []byte("x")), c.op)
			require.ErrorContains(t, err, `store the state of receiver "pod_logs": `)
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, version(1), content(t, client))
			assert.Equal(t, []any{before.bytes, before.changes}, []any{client.state.bytes, client.state.changes})
			assert.Empty(t, d.steps)
		})
	}
}

func TestTheSizeIsThatOfTheSnapshot(t *testing.T) {
	d := newFakeDisk()
	client := openOn(t, d)
	for n := range 20 {
		require.NoError(t, store(client, n+1))
		assert.Equal(t, int64(len(d.names[client.slots.file(1-client.slots.next)].data)), client.state.bytes)
	}
	assert.Equal(t, openOn(t, d).state.bytes, client.state.bytes)
}

func TestWhatChangesNothingIsNotWritten(t *testing.T) {
	d := newFakeDisk()
	client := openOn(t, d)
	require.NoError(t, client.Close(t.Context()))
	client = openOn(t, d)
	require.NoError(t, client.Delete(t.Context(), "a"))
	assert.Empty(t, d.steps, "a state that was never stored")
	require.NoError(t, client.Set(t.Context(), "a", []byte("1")))
	d.steps = nil
	require.NoError(t, client.Set(t.Context(), "a", []byte("1")))
	require.NoError(t, client.Batch(t.Context(), storage.GetOperation("a"), storage.DeleteOperation("b")))
	require.NoError(t, client.Close(t.Context()))
	assert.Empty(t, d.steps)
}

func TestValuesAreCopied(t *testing.T) {
	client := start(t, t.TempDir()).client(t)
	value := []byte("1")
	require.NoError(t, client.Set(t.Context(), "a", value))
	value[0] = 'x'
	got, err := client.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "1", string(got))
	got[0] = 'x'
	assert.Equal(t, map[string]string{"a": "1"}, content(t, client))
}

func TestAnEndedContextStoresAllTheSame(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	directory := t.TempDir()
	r := start(t, directory)
	require.NoError(t, r.client(t).Set(ended, "last", []byte("1")))
	require.NoError(t, r.Shutdown(ended))
	assert.Equal(t, map[string]string{"last": "1"}, stored(t, directory))
}

func TestAClosedClientSaysSo(t *testing.T) {
	r := start(t, t.TempDir())
	client := r.client(t)
	require.NoError(t, client.Close(t.Context()))
	require.NoError(t, client.Close(t.Context()), "twice is harmless")
	_, err := client.Get(t.Context(), "a")
	require.ErrorIs(t, err, errClosed)
	require.ErrorIs(t, client.Set(t.Context(), "a", nil), errClosed)
	require.ErrorIs(t, client.Delete(t.Context(), "a"), errClosed)
	require.ErrorIs(t, client.Batch(t.Context()), errClosed)
	require.ErrorIs(t, client.(storage.Walker).Walk(t.Context(), nil), errClosed)

	set(t, r.client(t), "a", "1")
}

func TestEachComponentHasItsOwnState(t *testing.T) {
	r := start(t, t.TempDir())
	clients := map[string]storage.Client{}
	for _, kind := range []component.Kind{component.KindReceiver, component.KindExporter} {
		for _, id := range []component.ID{podLogs, component.MustNewIDWithName("pod_logs", "b"), component.MustNewIDWithName("pod_logs", "B")} {
			for _, name := range []string{"", "b", "logs"} {
				client, err := r.GetClient(t.Context(), kind, id, name)
				require.NoError(t, err)
				key := fmt.Sprint(kind, id, "/", name)
				set(t, client, "whose", key)
				clients[key] = client
			}
		}
	}
	for key, client := range clients {
		assert.Equal(t, map[string]string{"whose": key}, content(t, client))
	}
}

func TestOneComponentHasOneClient(t *testing.T) {
	r := start(t, t.TempDir())
	first := r.client(t)
	_, err := r.GetClient(t.Context(), component.KindReceiver, podLogs, "")
	require.EqualError(t, err, `open the state of receiver "pod_logs": it is open already; close the first client before`)
	require.NoError(t, first.Close(t.Context()))
	r.client(t)
}

func TestWalkCollectsOperations(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	walk := client.(storage.Walker).Walk
	for _, key := range []string{"c", "a", "b"} {
		set(t, client, key, key)
	}
	var seen string
	removeAll := func(key string, _ []byte) ([]*storage.Operation, error) {
		seen += key
		ops := []*storage.Operation{storage.DeleteOperation(key)}
		if key == "b" {
			return ops, storage.SkipAll
		}
		return ops, nil
	}
	broken := errors.New("broken")
	require.ErrorIs(t, walk(t.Context(), func(key string, _ []byte) ([]*storage.Operation, error) {
		return []*storage.Operation{storage.DeleteOperation(key)}, broken
	}), broken)
	assert.Len(t, content(t, client), 3, "an error keeps everything")
	require.NoError(t, walk(t.Context(), removeAll))
	assert.Equal(t, "ab", seen)
	r.stop(t)
	assert.Equal(t, map[string]string{"c": "c"}, stored(t, directory))
}

func TestManyWritersAtOnce(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t)
	const writers, each = 50, 20
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				require.NoError(t, client.Set(t.Context(), strconv.Itoa(w), []byte(strconv.Itoa(n))))
				got, err := client.Get(t.Context(), strconv.Itoa(w))
				require.NoError(t, err)
				require.Equal(t, strconv.Itoa(n), string(got))
			}
		})
	}
	all.Wait()
	// As after kill -9: nothing is closed.
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(copied, os.DirFS(directory)))
	want := map[string]string{}
	for w := range writers {
		want[strconv.Itoa(w)] = strconv.Itoa(each - 1)
	}
	assert.Equal(t, want, stored(t, copied))
	info, err := os.Stat(filepath.Join(directory, file+".a"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
