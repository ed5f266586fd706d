// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/tributary-otel/tributary/components/queueconnector/internal/metadata"
)

const patience = 30 * time.Second

// backend is the pipeline behind the queue.
type backend struct {
	mu     sync.Mutex
	lines  []string
	calls  int
	answer func(ctx context.Context, lines []string) error // nil takes everything
}

func (*backend) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (b *backend) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	// As the collector does in front of each pipeline.
	if pref.MarkPipelineOwnedLogs(ld) {
		defer pref.UnrefLogs(ld)
	}
	lines := linesOf(ld)
	ld.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true }) // A pipeline may change its data.
	b.mu.Lock()
	b.calls++
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, lines); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, lines...)
	return nil
}

func (b *backend) set(answer func(context.Context, []string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

func (b *backend) got() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.lines)
}

func linesOf(ld plog.Logs) (lines []string) {
	for _, resource := range ld.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				lines = append(lines, record.Body().Str())
			}
		}
	}
	return lines
}

func logsOf(lines ...string) plog.Logs {
	ld := plog.NewLogs()
	scope := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for _, line := range lines {
		scope.LogRecords().AppendEmpty().Body().SetStr(line)
	}
	return ld
}

// host is a collector with extensions.
type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// readConfig returns what a user gets with these settings.
func readConfig(t *testing.T, settings string) *Config {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(settings))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	config := createDefaultConfig()
	require.NoError(t, conf.Unmarshal(config))
	return config.(*Config)
}

// Batches at once, and again after no time.
const quick = `
sending_queue: {storage: file_storage, batch: {flush_timeout: 10ms, min_size: 0}}
retry_on_failure: {initial_interval: 1ms, max_interval: 5ms}
`

// run starts a queue whose data is in folder. stop ends it and its storage, as the end
// of the collector does; it happens at the end of the test too.
func run(t *testing.T, folder, settings string, next consumer.Logs, telemetry *componenttest.Telemetry) (q *queue, stop func()) {
	ctx := context.Background()
	config := readConfig(t, settings)
	require.NoError(t, config.Validate())

	storages := filestorage.NewFactory()
	storageConfig := storages.CreateDefaultConfig().(*filestorage.Config)
	storageConfig.Directory = folder
	id := component.NewID(storages.Type())
	set := extensiontest.NewNopSettings(storages.Type())
	set.ID = id
	storage, err := storages.Create(ctx, set, storageConfig)
	require.NoError(t, err)
	h := host{componenttest.NewNopHost(), map[component.ID]component.Component{id: storage}}
	require.NoError(t, storage.Start(ctx, h))

	connectorSet := connectortest.NewNopSettings(metadata.Type)
	connectorSet.ID = component.NewID(metadata.Type)
	if telemetry != nil {
		connectorSet.TelemetrySettings = telemetry.NewTelemetrySettings()
	}
	made, err := NewFactory().CreateLogsToLogs(ctx, connectorSet, config,
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{pipeline.NewID(pipeline.SignalLogs): next}))
	require.NoError(t, err)
	q = made.(*queue)
	q.grace = 0
	require.NoError(t, q.Start(ctx, h))
	stop = sync.OnceFunc(func() {
		require.NoError(t, q.Shutdown(ctx))
		require.NoError(t, storage.Shutdown(ctx))
	})
	t.Cleanup(stop)
	return q, stop
}
