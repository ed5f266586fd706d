// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// load reads a configuration as a user writes it, over the defaults, and validates
// it.
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

// loadFile reads one exporter of a file under testdata.
func loadFile(t testing.TB, name, id string) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", name))
	require.NoError(t, err)
	sub, err := conf.Sub(id)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	return config
}

// running is an exporter as the collector runs it, with what it says.
type running struct {
	exporter.Logs
	logs *observer.ObservedLogs
	// telemetry reads the exporter's own metrics.
	telemetry *componenttest.Telemetry
	// deadLetters is the path of its dead-letter file.
	deadLetters string
}

// run starts an exporter without a queue, so that Consume returns when the logs are
// delivered, and that tries again at once.
func run(t testing.TB, endpoint, yaml string) *running {
	t.Helper()
	config, err := load(t, yaml+`
endpoint: `+endpoint+`
sending_queue: {enabled: false}
retry_on_failure: {initial_interval: 1ms, max_interval: 1ms}
`)
	require.NoError(t, err)
	return runConfig(t, config)
}

// runConfig starts an exporter with the given configuration.
func runConfig(t testing.TB, config *Config) *running {
	t.Helper()
	if config.DeadLetter.Path == "" {
		config.DeadLetter.Path = filepath.Join(t.TempDir(), "letters", "loki.jsonl")
	}
	core, logs := observer.New(zapcore.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := NewFactory().CreateLogs(context.Background(), set, config)
	require.NoError(t, err)
	r := &running{Logs: e, logs: logs, telemetry: telemetry, deadLetters: config.DeadLetter.Path}
	require.NoError(t, e.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
	return r
}

// send gives a batch to the exporter and waits until it is delivered.
func (r *running) send(t testing.TB, ld plog.Logs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, r.ConsumeLogs(ctx, ld))
}

// attrs are attributes in a test.
type attrs map[string]any

// rec is a record in a test.
type rec struct {
	body  any
	attrs attrs
	at    time.Time
	level plog.SeverityNumber
	text  string
}

// logsOf returns a batch with one resource.
func logsOf(t testing.TB, resource attrs, records ...rec) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	appendLogs(t, ld, resource, records...)
	return ld
}

// appendLogs adds a resource to a batch.
func appendLogs(t testing.TB, ld plog.Logs, resource attrs, records ...rec) {
	t.Helper()
	rl := ld.ResourceLogs().AppendEmpty()
	require.NoError(t, rl.Resource().Attributes().FromRaw(resource))
	sl := rl.ScopeLogs().AppendEmpty()
	for _, r := range records {
		lr := sl.LogRecords().AppendEmpty()
		require.NoError(t, lr.Body().FromRaw(r.body))
		require.NoError(t, lr.Attributes().FromRaw(r.attrs))
		if r.at.IsZero() {
			r.at = time.Now()
		}
		lr.SetTimestamp(timestamp(r.at))
		lr.SetSeverityNumber(r.level)
		lr.SetSeverityText(r.text)
	}
}
