// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

var podLogs = component.MustNewID("pod_logs")

// file is what the files of the component pod_logs begin with.
const file = "receiver+pod_logs"

// load reads a configuration as a user writes it, over the defaults, and validates it.
func load(t testing.TB, yaml string) (*Config, error) {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

// running is an extension as the collector runs it, with what it says.
type running struct {
	*checkpointStorage
	directory string
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
	host      *statusHost
}

// statusHost keeps the states that the extension reports.
type statusHost struct {
	component.Host
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *statusHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// last is the newest status, none when nothing was reported.
func (h *statusHost) last() componentstatus.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) == 0 {
		return componentstatus.StatusNone
	}
	return h.events[len(h.events)-1].Status()
}

func newRunning(t testing.TB, directory string) *running {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	r := &running{directory: directory, logs: logs, telemetry: componenttest.NewTelemetry(), host: &statusHost{Host: componenttest.NewNopHost()}}
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	created, err := NewFactory().Create(context.Background(), set, &Config{Directory: directory, CreateDirectory: true})
	require.NoError(t, err)
	r.checkpointStorage = created.(*checkpointStorage)
	t.Cleanup(func() { _ = r.telemetry.Shutdown(context.Background()) })
	return r
}

// start runs an extension on a folder until stop is called, at the latest until the
// test ends.
func start(t testing.TB, directory string) *running {
	t.Helper()
	r := newRunning(t, directory)
	require.NoError(t, r.Start(context.Background(), r.host))
	t.Cleanup(func() { _ = r.Shutdown(context.Background()) })
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, r.Shutdown(context.Background()))
}

// client opens the state of the component pod_logs.
func (r *running) client(t testing.TB) storage.Client {
	t.Helper()
	c, err := r.GetClient(context.Background(), component.KindReceiver, podLogs, "")
	require.NoError(t, err)
	return c
}

// messages are the lines of the log.
func (r *running) messages() []string {
	var all []string
	for _, entry := range r.logs.All() {
		all = append(all, entry.Message)
	}
	return all
}

// sum adds up the values of a counter; 0 when nothing was counted.
func (r *running) sum(t testing.TB, name string) int64 {
	t.Helper()
	return sumOf(t, r.telemetry, "otelcol_extension_checkpoint_storage_"+name)
}

// content is what a client holds.
func content(t testing.TB, c storage.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, c.(storage.Walker).Walk(context.Background(), func(key string, value []byte) ([]*storage.Operation, error) {
		all[key] = string(value)
		return nil, nil
	}))
	return all
}

// stored opens a folder, reads the state of pod_logs and closes it again.
func stored(t testing.TB, directory string) map[string]string {
	t.Helper()
	r := start(t, directory)
	defer r.stop(t)
	return content(t, r.client(t))
}

func set(t testing.TB, c storage.Client, key, value string) {
	t.Helper()
	require.NoError(t, c.Set(context.Background(), key, []byte(value)))
}

// readFile and writeFile are for files in the folder.
func readFile(t testing.TB, directory, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(directory, name))
	require.NoError(t, err)
	return data
}

func writeFile(t testing.TB, directory, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(directory, name), data, 0o600))
}

// files are the names in a folder.
func files(t testing.TB, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// waiting is longer than anything takes here.
const waiting = 30 * time.Second
