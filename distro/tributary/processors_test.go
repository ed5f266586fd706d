// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestSourcesThatOneProcessorIsEnoughFor(t *testing.T) {
	for text, want := range map[string]bool{
		`{a: {receivers: [pod_logs]}}`: true,
		`{a: {receivers: [pod_logs/x, journald], exporters: [forward]}, logs/out: {receivers: [forward], exporters: [nop, otlp_http/off]}}`: true,
		`{a: {receivers: [pod_logs]}, logs/b: {receivers: [file_log]}}`:                                                                     false,
		`{a: {receivers: [file_log]}}`:                                             false,
		`{a: {receivers: [journald, otlp]}}`:                                       false,
		`{a: {receivers: [pod_logs]}, logs/queued: {receivers: [queue]}}`:          false,
		`{a: {receivers: [pod_logs], exporters: [queue]}}`:                         false,
		`{a: {receivers: [pod_logs], exporters: [otlp_http]}}`:                     false,
		`{a: {receivers: [pod_logs], exporters: [otlp_http/off, loki/on]}}`:        false,
		`{a: {receivers: [pod_logs], exporters: [debug/on]}}`:                      false,
		`{a: {receivers: [pod_logs], processors: [severity, batch/x]}}`:            false,
		`{a: {receivers: [pod_logs], processors: [severity], exporters: [debug]}}`: true,
		`{a: {receivers: [pod_logs]}, metrics/b: {receivers: [hostmetrics]}}`:      false,
		`{a: {receivers: pod_logs}, b: {receivers: 5}}`:                            false,
		`wrong`: false,
	} {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte("service: {pipelines: " + text + "}\n" +
			"exporters: {nop: , debug: , otlp_http: {endpoint: x}, otlp_http/off: {endpoint: x, sending_queue: {enabled: false}},\n" +
			"  loki/on: {sending_queue: {enabled: true}}, debug/on: {sending_queue: {enabled: true}}}"))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		assert.Equal(t, want, allThrifty(conf), text)
	}
}

func TestTheShippedConfigurations(t *testing.T) {
	for source, want := range map[string]bool{"kubernetes": true, "kubernetes-k8s-attributes": true, "host": false, "gateway": false} {
		for _, backend := range globConfigs(t, "backends/*.yaml") {
			conf, err := confmaptest.LoadConf(filepath.Join("..", "config", source+".yaml"))
			require.NoError(t, err)
			to, err := confmaptest.LoadConf(backend)
			require.NoError(t, err)
			require.NoError(t, conf.Merge(to))
			assert.Equal(t, want, allThrifty(conf), "%s to %s", source, backend)
		}
	}
}

func TestAReloadDecidesAnew(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(7)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	var p processors
	var set otelcol.CollectorSettings
	p.install(&set)
	convert := func(receiver string) {
		t.Helper()
		conf := confmap.NewFromStringMap(map[string]any{"service": map[string]any{"pipelines": map[string]any{
			"logs": map[string]any{"receivers": []any{receiver}},
		}}})
		for _, factory := range set.ConfigProviderSettings.ResolverSettings.ConverterFactories {
			require.NoError(t, factory.Create(confmap.ConverterSettings{}).Convert(t.Context(), conf))
		}
	}
	convert("pod_logs")
	assert.Equal(t, 7, runtime.GOMAXPROCS(0), "only looked at, not run")
	stop := p.run()
	convert("pod_logs")
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))
	convert("journald")
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))
	convert("otlp")
	given := runtime.GOMAXPROCS(0)
	assert.Equal(t, goTakes(), given)
	convert("pod_logs")
	assert.Equal(t, 1, runtime.GOMAXPROCS(0))
	stop()
	convert("pod_logs")
	given = runtime.GOMAXPROCS(0)
	assert.Equal(t, goTakes(), given)
}

// goTakes is how many processors Go takes when nobody says anything.
func goTakes() int {
	runtime.SetDefaultGOMAXPROCS()
	return runtime.GOMAXPROCS(0)
}

func TestTheLogSaysHowManyProcessorsThereAre(t *testing.T) {
	var p processors
	var set otelcol.CollectorSettings
	p.changed(1, 2) // There is no log yet.
	p.install(&set)
	core, logged := observer.New(zapcore.InfoLevel)
	zap.New(core, set.LoggingOptions...)
	p.changed(1, 2)
	p.changed(2, 1)
	require.Len(t, logged.All(), 2)
	assert.Contains(t, logged.All()[0].Message, "busy")
	assert.Equal(t, map[string]any{"gomaxprocs": int64(2), "before": int64(1)}, logged.All()[0].ContextMap())
	assert.Contains(t, logged.All()[1].Message, "Fewer")

	quiet, logged := observer.New(zapcore.WarnLevel)
	zap.New(quiet, set.LoggingOptions...)
	p.changed(1, 2)
	assert.Empty(t, logged.All())
}

// seeing is the exporter nop, which notes how many processors there are when it is made.
type seeing struct {
	exporter.Factory
	processors *int
}

func (s seeing) CreateLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	*s.processors = runtime.GOMAXPROCS(0)
	return s.Factory.CreateLogs(ctx, set, config)
}

func TestTheCommandRunsOnOneProcessor(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(7)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	folder(t, `
receivers: {pod_logs: {path: /nowhere, metadata: }}
exporters: {nop: }
extensions: {health_check: {endpoint: "`+taken(t)+`"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}, logs: {level: fatal}}
  pipelines: {logs: {receivers: [pod_logs], exporters: [nop]}}
`)
	processors := 0
	_, err := executeWith(t, func() (otelcol.Factories, error) {
		all, err := components()
		nop := component.MustNewType("nop")
		all.Exporters[nop] = seeing{all.Exporters[nop], &processors}
		return all, err
	}, "--config=a.yaml")
	require.ErrorContains(t, err, "address already in use")
	assert.Equal(t, 1, processors)
	given := runtime.GOMAXPROCS(0)
	assert.Equal(t, goTakes(), given, "afterwards")
}
