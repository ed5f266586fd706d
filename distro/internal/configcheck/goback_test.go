// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

// operated is a Checker with files that change while its collector runs.
type operated struct {
	t       *testing.T
	set     confmap.ResolverSettings
	checker *configcheck.Checker
	logs    *observer.ObservedLogs
	*confmap.Resolver
}

func operate(t *testing.T, files ...string) *operated {
	core, logs := observer.New(zapcore.DebugLevel)
	set := settings(files...)
	o := &operated{t: t, checker: configcheck.New(set.Factories), logs: logs}
	o.checker.Install(&set)
	o.set = set.ConfigProviderSettings.ResolverSettings
	o.set.ConverterSettings.Logger = zap.New(core)
	o.run()
	return o
}

// run is a new start of the collector in the same process.
func (o *operated) run() {
	resolver, err := confmap.NewResolver(o.set)
	require.NoError(o.t, err)
	o.Resolver = resolver
}

// reload returns the endpoint after a reload, or its error as the Collector has it.
func (o *operated) reload() (endpoint any, err error) {
	conf, err := o.Resolve(o.t.Context())
	if err != nil {
		return nil, fmt.Errorf("failed to setup configuration components: %w", err)
	}
	return conf.Get("exporters::otlp_http::endpoint"), nil
}

// back starts anew after a reload that failed, and returns the endpoint that holds then.
func (o *operated) back(err error) any {
	require.True(o.t, o.checker.GoBack(err))
	o.run()
	endpoint, err := o.reload()
	require.NoError(o.t, err)
	return endpoint
}

func TestAReloadThatFailsGoesBackToWhatRan(t *testing.T) {
	t.Setenv("PORT", "1")
	t.Setenv("LATER", "http://h:2")
	files := write(t, good, `exporters: {otlp_http: {endpoint: "${file:c.yaml}:${env:PORT}" } } # ${env:UNSET}`, "http://h")
	o := operate(t, files[:2]...)
	endpoint, err := o.reload()
	require.NoError(t, err)
	require.Equal(t, "http://h:1", endpoint)

	for name, broken := range map[string]string{
		"an unknown key":               "exporters: {otlp_http: {endpoint: 'http://h:2', timeot: 1}}",
		"no YAML":                      "exporters: {",
		"an expansion that breaks off": "exporters: {otlp_http: {endpoint: '${vault:x}'}}",
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile("b.yaml", []byte(broken), 0o600))
			require.NoError(t, os.WriteFile("c.yaml", []byte("elsewhere"), 0o600))
			t.Setenv("PORT", "3")
			_, err := o.reload()
			require.Error(t, err)
			assert.Equal(t, "http://h:1", o.back(err), "also what references brought in is that of before")
			said := o.logs.TakeAll()
			require.Len(t, said, 1)
			assert.Contains(t, said[0].Message, "the reloaded configuration has 1 problem; the collector goes on with the one before\n  b.yaml")
		})
	}

	// It passes the check, and does not start.
	require.NoError(t, os.WriteFile("b.yaml", []byte(`exporters: {otlp_http: {endpoint: "${env:LATER}"}}`), 0o600))
	endpoint, err = o.reload()
	require.NoError(t, err)
	require.Equal(t, "http://h:2", endpoint)
	assert.Equal(t, "http://h:1", o.back(errors.New(`failed to setup configuration components: failed to start "otlp_http" exporter: no`)))
	said := o.logs.TakeAll()
	require.Len(t, said, 1)
	assert.Equal(t, "the collector could not start with the reloaded configuration and goes on with the one before\n"+
		"  b.yaml:1: exporters::otlp_http: no", said[0].Message)

	// The next reload reads the files again.
	endpoint, err = o.reload()
	require.NoError(t, err)
	assert.Equal(t, "http://h:2", endpoint)
	assert.Empty(t, o.logs.TakeAll())
}

func TestThereIsNothingToGoBackTo(t *testing.T) {
	failed := errors.New(`failed to setup configuration components: failed to start "nop" exporter: no`)
	o := operate(t, write(t, good)...)
	assert.False(t, o.checker.GoBack(failed), "before anything was read")
	_, err := o.reload()
	require.NoError(t, err)
	assert.False(t, o.checker.GoBack(errors.New(`failed to start "nop" exporter: no`)), "at the first start")
	assert.False(t, o.checker.GoBack(nil), "after SIGTERM")

	require.NoError(t, os.WriteFile("a.yaml", nil, 0o600))
	_, err = o.reload()
	o.back(err)
	assert.False(t, o.checker.GoBack(failed), "when what ran before does not start any more either")
}
