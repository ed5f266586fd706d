// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestSourcesThatOneProcessorIsEnoughFor(t *testing.T) {
	for text, want := range map[string]bool{
		`{a: {receivers: [pod_logs]}}`: true,
		`{a: {receivers: [pod_logs/x, journald]}, logs/out: {receivers: [forward]}}`: true,
		`{a: {receivers: [pod_logs]}, logs/b: {receivers: [file_log]}}`:              false,
		`{a: {receivers: [file_log]}}`:                                               false,
		`{a: {receivers: [journald, otlp]}}`:                                         false,
		`{a: {receivers: [pod_logs]}, logs/queued: {receivers: [queue]}}`:            false,
		`{a: {receivers: [pod_logs]}, metrics/b: {receivers: [hostmetrics]}}`:        false,
		`{a: {receivers: pod_logs}, b: {receivers: 5}}`:                              false,
		`wrong`: false,
		`{a: {receivers: [pod_logs], exporters: [x]}, b: {processors: [what is this]}}`: true,
	} {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte("service: {pipelines: " + text + "}"))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		assert.Equal(t, want, allThrifty(conf), text)
	}
}

func TestTheShippedConfigurations(t *testing.T) {
	for name, want := range map[string]bool{"kubernetes": true, "host": false, "gateway": false, "kubernetes-k8s-attributes": true} {
		conf, err := confmaptest.LoadConf(filepath.Join("..", "config", name+".yaml"))
		require.NoError(t, err)
		assert.Equal(t, want, allThrifty(conf), name)
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
