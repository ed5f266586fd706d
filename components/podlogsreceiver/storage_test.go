// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// memory is a storage extension whose disk can fail.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu     sync.Mutex
	values map[string][]byte
	fail   error
	writes int
	open   int
}

func (m *memory) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	m.open++
	return &memoryClient{memory: m}, nil
}

// change is for the test.
func (m *memory) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *memory) stored(key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.values[key])
}

type memoryClient struct{ *memory }

func (c *memoryClient) Get(context.Context, string) ([]byte, error) { return nil, nil }
func (c *memoryClient) Set(context.Context, string, []byte) error   { return nil }
func (c *memoryClient) Delete(context.Context, string) error        { return nil }
func (c *memoryClient) Close(context.Context) error                 { c.open--; return nil }

func (c *memoryClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if c.fail != nil {
		return c.fail
	}
	for _, op := range ops {
		if op.Type == storage.Delete {
			delete(c.values, op.Key)
		} else {
			c.values[op.Key] = op.Value
		}
	}
	return nil
}

func (c *memoryClient) Walk(_ context.Context, f storage.WalkFunc) error {
	for key, value := range maps.Clone(c.values) {
		if _, err := f(key, value); err != nil {
			return err
		}
	}
	return c.fail
}

// withMemory makes a node whose positions are kept by a storage that can fail.
func withMemory(t *testing.T) (*node, *memory) {
	n, m := newNode(t), &memory{values: map[string][]byte{}}
	n.newStorage = func() component.Component { return m }
	return n, m
}

func TestWithoutAStorageAllIsReadAgain(t *testing.T) {
	n := newNode(t)
	n.config.Storage = nil
	n.write(web, "0.log", cri("one"))
	n.start()
	assert.Len(t, n.logs.FilterMessageSnippet("No `storage` is set").All(), 1)
	n.wants("one")
	n.restart()
	n.wants("one", "one")
}

func TestFileStorageKeepsPositions(t *testing.T) {
	n := newNode(t)
	n.newStorage = func() component.Component {
		factory := filestorage.NewFactory()
		config := factory.CreateDefaultConfig().(*filestorage.Config)
		config.Directory = filepath.Join(n.state, "file_storage")
		require.NoError(t, os.MkdirAll(config.Directory, 0o700))
		e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
		require.NoError(t, err)
		return e
	}
	n.write(web, "0.log", cri("one", "two"))
	n.start()
	n.wants("one", "two")
	n.restart()
	n.write(web, "0.log", cri("three"))
	n.wants("one", "two", "three")
}

func TestPositionsAreStoredWhileItRuns(t *testing.T) {
	t.Parallel()
	n, m := withMemory(t)
	n.write(web, "0.log", cri("one"))
	n.start()
	n.wants("one")
	require.Eventually(t, func() bool { return m.stored(web) != "" }, patience, 5*time.Millisecond)
	assert.Regexp(t, `^\[\{"restart":0,"device":\d+,"inode":\d+,"head":"[0-9a-f]{32}","head_bytes":44,"offset":44}]$`, m.stored(web))
	n.write(web, "0.log", out+"P open\n"+errs+"F two\n")
	n.wants("one", "two")
	require.Eventually(t, func() bool { return strings.Contains(m.stored(web), `"stdout":44`) }, patience, 5*time.Millisecond)
	n.restart()
	n.write(web, "0.log", out+"F line\n")
	n.wants("one", "two", "openline")
}

func TestAStorageThatFailsAndRecovers(t *testing.T) {
	t.Parallel()
	n, m := withMemory(t)
	n.start()
	m.change(func() { m.fail = errors.New("the disk is full") })
	n.write(web, "0.log", cri("one"))
	n.wants("one")
	require.Eventually(t, func() bool { return n.logs.FilterMessageSnippet("Positions cannot be stored").Len() == 1 }, patience, 5*time.Millisecond)
	assert.Empty(t, m.stored(web))
	m.change(func() { m.fail = nil })
	require.Eventually(t, func() bool { return m.stored(web) != "" }, patience, 5*time.Millisecond, "although nothing has moved since")
	require.Eventually(t, func() bool { return n.logs.FilterMessageSnippet("Positions are stored again").Len() == 1 }, patience, 5*time.Millisecond)
	n.restart()
	n.write(web, "0.log", cri("two"))
	n.wants("one", "two")
	n.stop()
	assert.Zero(t, m.open, "clients are closed")
}

func TestDamagedPositionsOfOneContainer(t *testing.T) {
	const api = "shop_api_uid-2/main"
	n, m := withMemory(t)
	n.config.StartAt = startAtEnd
	n.start()
	require.Eventually(t, func() bool { return n.receiver.tail.Gauges().Watching }, patience, 5*time.Millisecond, "the first look is over")
	n.write(web, "0.log", cri("one"))
	n.write(api, "0.log", cri("two"))
	n.wants("one", "two")
	n.stop()
	m.values[web] = []byte(`[{"restart":"x"}]`)
	m.values["another key"] = []byte("of somebody else")
	n.start()
	n.wants("one", "one", "two")
	assert.Len(t, n.logs.FilterMessageSnippet("Positions cannot be read").All(), 1)
	n.stop()
	for key := range m.values {
		m.values[key] = []byte("{")
	}
	n.start()
	n.wants("one", "one", "one", "two", "two")
}

// noWalker is a client without Walk.
type noWalker struct {
	storage.Client
}

type withoutWalk struct{ *memory }

func (e withoutWalk) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	c, err := e.memory.GetClient(ctx, kind, id, name)
	return noWalker{c}, err
}

type nothing struct {
	component.StartFunc
	component.ShutdownFunc
}

func TestStoragesThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		storage    func(*memory) component.Component
	}{
		{"no storage extension", "`storage` names \"checkpoint_storage\", which is not a storage extension that the service has", func(*memory) component.Component { return &nothing{} }},
		{"it cannot be walked", "`storage` names \"checkpoint_storage\", which cannot list what it holds; checkpoint_storage and file_storage can", func(m *memory) component.Component { return withoutWalk{m} }},
		{"it cannot be read", "read the positions in \"checkpoint_storage\": the disk is broken", func(m *memory) component.Component {
			m.fail = errors.New("the disk is broken")
			return m
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, m := withMemory(t)
			n.newStorage = func() component.Component { return tt.storage(m) }
			n.refuse = tt.want
			n.start()
			assert.Zero(t, m.open, "the client is closed")
			n.stop()
			n.newStorage, n.refuse = func() component.Component { return m }, ""
			m.fail = nil
			n.write(web, "0.log", cri("one"))
			n.start()
			n.wants("one")
		})
	}
}

// After a crash what was delivered since the last write comes again. However fast a backlog is delivered,
// that is not more than may be in flight.
func TestPositionsAreStoredOftenInABacklog(t *testing.T) {
	n, m := withMemory(t)
	n.config.InFlight.MaxBytes, n.config.InFlight.MaxBytesPerFile = 64<<10, 64<<10
	n.config.Batch.MaxRecords = 50
	const files, lines = 20, 500
	text := strings.Repeat("x", 100)
	bytes := 0
	for file := range files {
		all := cri(slices.Repeat([]string{text}, lines)...)
		n.write(fmt.Sprintf("shop_web-%d_uid-%d/main", file, file), "0.log", all)
		bytes += len(all)
	}
	n.start()
	require.Eventually(t, func() bool { return n.receiver.window.Stats().Delivered.Records == files*lines }, patience, time.Millisecond)
	var writes int
	m.change(func() { writes = m.writes })
	assert.Greater(t, writes, bytes/int(n.config.InFlight.MaxBytes)/2)
}
