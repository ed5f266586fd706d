// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// An error at any step of a write is told, harms nothing, and is made good by the
// next write.
func TestAWriteMayFailAtAnyStep(t *testing.T) {
	for failAt, step := range []string{"create", "write", "sync file", "close", "rename", "sync folder"} {
		t.Run(step, func(t *testing.T) {
			for before := range 3 {
				for _, torn := range []int{0, 7, 1 << 20} {
					d := diskWith(t, before)
					client := openOn(t, d)
					d.failAt, d.torn = failAt+1, torn
					require.ErrorIs(t, store(client, before+1), errInjected)
					assert.Equal(t, step, d.steps[failAt])
					assert.Equal(t, version(before+1), content(t, client), "memory has the change")
					assert.NotContains(t, d.names, file+".a.tmp", "nothing is left behind")
					assert.NotContains(t, d.names, file+".b.tmp")
					for _, left := range append(d.powerCuts(), d.killed()) {
						require.Contains(t, []map[string]string{version(before), version(before + 1)}, content(t, openOn(t, left)))
					}

					// What another change writes includes the one that failed.
					require.NoError(t, client.Set(t.Context(), "next", []byte("1")))
					want := version(before + 1)
					want["next"] = "1"
					for _, left := range append(d.powerCuts(), d.killed()) {
						require.Equal(t, want, content(t, openOn(t, left)))
					}
				}
			}
		})
	}
}

func TestWhatFailedIsStoredBy(t *testing.T) {
	for _, c := range []struct {
		name string
		by   func(c storage.Client) error
	}{
		{"storing the same again", func(c storage.Client) error { return store(c, 1) }},
		{"removing what is not there", func(c storage.Client) error { return c.Delete(t.Context(), "nothing") }},
		{"closing", func(c storage.Client) error { return c.Close(t.Context()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newFakeDisk()
			client := openOn(t, d)
			d.failAt = 1
			require.ErrorIs(t, store(client, 1), errInjected)
			require.NoError(t, c.by(client))
			assert.Equal(t, version(1), content(t, openOn(t, d.killed())))
		})
	}
}

func TestClosingSaysWhatCouldNotBeStored(t *testing.T) {
	d := newFakeDisk()
	d.failAt, d.crash = 1, true
	client := openOn(t, d)
	require.ErrorIs(t, store(client, 1), errInjected)
	require.ErrorIs(t, client.Close(t.Context()), errInjected)
	steps := len(d.steps)
	client.again()
	assert.Len(t, d.steps, steps, "a closed client leaves the disk alone")
}

func TestAnErrorSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "no space left on device; free space on the disk, or inodes, or raise the quota: " + storage.ErrStorageFull.Error()},
		{syscall.EROFS, "read-only file system; mount the file system so that it can be written"},
		{syscall.EIO, "input/output error; the disk is failing"},
		{syscall.ENOENT, "no such file or directory; create the folder, or set `create_directory: true`"},
		{errInjected, "injected"},
	} {
		d := newFakeDisk()
		client := openOn(t, d)
		d.failAt, d.err = 1, c.err
		err := client.Set(t.Context(), "a", nil)
		require.EqualError(t, err, `save the state of receiver "pod_logs": `+c.want)
		require.ErrorIs(t, err, c.err)
	}
	require.ErrorIs(t, explain(syscall.ENOSPC), storage.ErrStorageFull)
	assert.ErrorContains(t, explain(syscall.EACCES), "permission denied; let user ")
}

// gate holds a disk back, so that callers gather.
type gate struct {
	disk
	entered, open chan struct{}
}

func (g *gate) create(name string) (newFile, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.disk.create(name)
}

func TestWhoWaitsForTheSameWriteGetsItsAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		failAt int
		want   error
	}{
		{"all well", 0, nil},
		{"an error", 7, errInjected},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newFakeDisk()
			g := &gate{disk: d, entered: make(chan struct{}), open: make(chan struct{})}
			client := openOn(t, g)
			d.failAt = c.failAt
			var all sync.WaitGroup
			all.Go(func() { assert.NoError(t, client.Set(t.Context(), "first", nil)) })
			<-g.entered
			// These come while the first write is on its way.
			var came sync.WaitGroup
			for _, key := range []string{"a", "b", "c", "d"} {
				came.Add(1)
				all.Go(func() {
					client.mu.Lock()
					require.NoError(t, client.state.apply([]*storage.Operation{storage.SetOperation(key, nil)}))
					change, attempts := client.state.changes, client.attempts
					client.mu.Unlock()
					came.Done()
					assert.ErrorIs(t, client.persist(change, attempts), c.want)
				})
			}
			came.Wait()
			g.open <- struct{}{}
			<-g.entered
			g.open <- struct{}{}
			all.Wait()
			assert.Equal(t, uint64(2), client.attempts)
		})
	}
}
