// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// host is a collector with extensions that remembers the status of its exporter.
type host struct {
	extensions map[component.ID]component.Component

	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// Report is called by the exporter.
func (h *host) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// statuses are the events so far.
func (h *host) statuses() []componentstatus.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	var statuses []componentstatus.Status
	for _, event := range h.events {
		statuses = append(statuses, event.Status())
	}
	return statuses
}

// with starts an extension under the name of its type.
func (h *host) with(t testing.TB, factory extension.Factory, yaml string) *host {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	config := factory.CreateDefaultConfig()
	require.NoError(t, conf.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	e, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	if h.extensions == nil {
		h.extensions = map[component.ID]component.Component{}
	}
	h.extensions[component.NewID(factory.Type())] = e
	return h
}

// runOn starts an exporter in a host, with the queue that yaml asks for. stop ends
// it before the test does.
func runOn(t testing.TB, h *host, endpoint, yaml string) (r *running, stop func()) {
	t.Helper()
	config, err := load(t, byService+"endpoint: "+endpoint+"\nretry_on_failure: {initial_interval: 1ms, max_interval: 1ms}\n"+yaml)
	require.NoError(t, err)
	if config.DeadLetter.Path == "" {
		config.DeadLetter.Path = filepath.Join(t.TempDir(), "loki.jsonl")
	}
	core, logs := observer.New(zapcore.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := NewFactory().CreateLogs(context.Background(), set, config)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), h))
	stop = func() { require.NoError(t, e.Shutdown(context.Background())) }
	t.Cleanup(stop)
	return &running{Logs: e, logs: logs, telemetry: telemetry, deadLetters: config.DeadLetter.Path}, stop
}
