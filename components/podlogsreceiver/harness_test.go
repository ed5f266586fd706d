// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// patience is how long a loaded machine may take.
const patience = 30 * time.Second

// node is a folder of pods, and a receiver that reads it. It lives through restarts of
// the receiver.
type node struct {
	t        *testing.T
	pods     string
	state    string
	config   *Config
	receiver *podLogs
	storage  component.Component
	settings component.TelemetrySettings
	// newStorage makes the extension; nil is checkpoint_storage, as it is delivered.
	newStorage func() component.Component
	// extensions are others that the service has.
	extensions map[component.ID]component.Component
	// refuse is what a start has to fail with; "" is a start that succeeds.
	refuse string
	logs   *observer.ObservedLogs

	// next is the pipeline; nil is that of the test.
	next consumer.Logs

	mu     sync.Mutex
	got    []line
	fail   func([]string) error
	status []*componentstatus.Event
}

// line is a record that was delivered.
type line struct {
	container, restart, stream, body string
	time                             time.Time
}

func newNode(t *testing.T) *node {
	n := &node{t: t, pods: t.TempDir(), state: t.TempDir()}
	n.config = createDefaultConfig().(*Config)
	n.config.Path = n.pods
	n.config.PollInterval = 10 * time.Millisecond
	n.config.Batch.Timeout = 10 * time.Millisecond
	n.config.DeadLetter.Path = filepath.Join(n.state, "dead.jsonl")
	n.config.Spill.Directory = filepath.Join(n.state, "spill")
	n.config.ShutdownTimeout = 100 * time.Millisecond
	id := component.MustNewID("checkpoint_storage")
	n.config.Storage = &id
	n.settings = componenttest.NewNopTelemetrySettings()
	var core zapcore.Core
	core, n.logs = observer.New(zap.InfoLevel)
	n.settings.Logger = zap.New(core)
	t.Cleanup(n.stop)
	return n
}

// host is the collector, with an extension or none.
type host struct {
	extensions map[component.ID]component.Component
	report     func(*componentstatus.Event)
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h host) Report(e *componentstatus.Event) { h.report(e) }

func (n *node) reported(e *componentstatus.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = append(n.status, e)
}

func (n *node) statuses() (list []componentstatus.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.status {
		list = append(list, e.Status())
	}
	return list
}

func (n *node) checkpoints() component.Component {
	factory := checkpointstorageextension.NewFactory()
	config := factory.CreateDefaultConfig().(*checkpointstorageextension.Config)
	config.Directory = filepath.Join(n.state, "checkpoints")
	storage, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(n.t, err)
	return storage
}

func (n *node) start() {
	n.t.Helper()
	ctx := context.Background()
	h := host{extensions: map[component.ID]component.Component{}, report: n.reported}
	maps.Copy(h.extensions, n.extensions)
	if n.config.Storage != nil {
		if n.newStorage == nil {
			n.newStorage = n.checkpoints
		}
		n.storage = n.newStorage()
		h.extensions[*n.config.Storage] = n.storage
		require.NoError(n.t, n.storage.Start(ctx, h))
	}
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // The same one in each run.
	set.TelemetrySettings = n.settings
	next := n.next
	if next == nil {
		var err error
		next, err = consumer.NewLogs(n.consume, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
		require.NoError(n.t, err)
	}
	require.NoError(n.t, n.config.Validate())
	var err error
	n.receiver, err = newReceiver(set, n.config, next)
	require.NoError(n.t, err)
	err = n.receiver.Start(ctx, h)
	if n.refuse != "" {
		require.ErrorContains(n.t, err, n.refuse)
		return
	}
	require.NoError(n.t, err)
}

func (n *node) stop() {
	if n.receiver == nil {
		return
	}
	require.NoError(n.t, n.receiver.Shutdown(context.Background()))
	if n.storage != nil {
		require.NoError(n.t, n.storage.Shutdown(context.Background()))
	}
	n.receiver, n.storage = nil, nil
}

func (n *node) restart() {
	n.t.Helper()
	n.stop()
	n.start()
}

// consume is the pipeline. It spoils what it gets, as processors do.
func (n *node) consume(_ context.Context, logs plog.Logs) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var batch []line
	for _, r := range logs.ResourceLogs().All() {
		a := r.Resource().Attributes()
		for _, s := range r.ScopeLogs().All() {
			for _, record := range s.LogRecords().All() {
				batch = append(batch, line{
					container: text(a, namespaceKey) + "_" + text(a, podKey) + "_" + text(a, uidKey) + "/" + text(a, containerKey),
					restart:   text(a, restartKey), stream: text(record.Attributes(), streamKey),
					body: record.Body().AsString(), time: record.Timestamp().AsTime(),
				})
				record.Body().SetStr("spoilt")
			}
		}
		a.Clear()
	}
	if n.fail != nil {
		if err := n.fail(bodies(batch)); err != nil {
			return err
		}
	}
	n.got = append(n.got, batch...)
	return nil
}

func text(m pcommon.Map, key string) string {
	v, ok := m.Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func bodies(lines []line) []string {
	list := make([]string, 0, len(lines))
	for _, l := range lines {
		list = append(list, l.body)
	}
	return list
}

// failWith makes the pipeline answer so; nil makes it accept everything.
func (n *node) failWith(fail func(bodies []string) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail = fail
}

func (n *node) lines() []line {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got)
}

// wants waits until exactly these bodies have come, in any order.
func (n *node) wants(want ...string) {
	n.t.Helper()
	slices.Sort(want)
	require.Eventually(n.t, func() bool { return len(n.lines()) >= len(want) }, patience, 5*time.Millisecond, "want %d lines, got %q", len(want), bodies(n.lines()))
	got := bodies(n.lines())
	slices.Sort(got)
	require.Equal(n.t, want, got)
}

const web = "shop_web-0_uid-1/main"

// file is a path in the folder of a container.
func (n *node) file(container, name string) string {
	return filepath.Join(n.pods, filepath.FromSlash(container), name)
}

// write appends to a file.
func (n *node) write(container, name, text string) {
	n.t.Helper()
	path := n.file(container, name)
	require.NoError(n.t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(n.t, err)
	_, err = f.WriteString(text)
	require.NoError(n.t, err)
	require.NoError(n.t, f.Close())
}

// cri makes lines as containerd writes them.
func cri(bodies ...string) string {
	var b strings.Builder
	for _, body := range bodies {
		b.WriteString("2026-11-20T10:00:00.123456789Z stdout F " + body + "\n")
	}
	return b.String()
}
