// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/forwardconnector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/nopexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func factories() (otelcol.Factories, error) {
	f := otelcol.Factories{Telemetry: otelconftelemetry.NewFactory()}
	var errs [5]error
	f.Receivers, errs[0] = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory(), filelogreceiver.NewFactory())
	f.Processors, errs[1] = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory())
	f.Exporters, errs[2] = otelcol.MakeFactoryMap[exporter.Factory](
		otlphttpexporter.NewFactory(), debugexporter.NewFactory(), nopexporter.NewFactory())
	f.Connectors, errs[3] = otelcol.MakeFactoryMap[connector.Factory](forwardconnector.NewFactory())
	f.Extensions, errs[4] = otelcol.MakeFactoryMap[extension.Factory](
		basicauthextension.NewFactory(), bearertokenauthextension.NewFactory())
	return f, errors.Join(errs[:]...)
}

func settings(uris ...string) otelcol.CollectorSettings {
	return otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:          uris,
			DefaultScheme: "env",
			ProviderFactories: []confmap.ProviderFactory{
				envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
			},
		}},
	}
}

// validate does what the validate command does, and returns the error that it would print.
func validate(t *testing.T, uris ...string) error {
	set := settings(uris...)
	checker := configcheck.New(set.Factories)
	checker.Install(&set)
	col, err := otelcol.NewCollector(set)
	require.NoError(t, err)
	return checker.Explain(col.DryRun(t.Context()))
}

// write puts each document into a file of a new folder, which becomes the working folder: a.yaml, b.yaml, …
// It returns the names.
func write(t *testing.T, documents ...string) []string {
	t.Chdir(t.TempDir())
	var names []string
	for i, text := range documents {
		name := string(rune('a'+i)) + ".yaml"
		require.NoError(t, os.WriteFile(name, []byte(strings.TrimPrefix(text, "\n")), 0o600))
		names = append(names, name)
	}
	return names
}

// lines asserts that the message has these problems, no more and in this order.
func lines(t *testing.T, err error, want ...string) {
	t.Helper()
	var found *configcheck.Error
	require.ErrorAs(t, err, &found)
	got := strings.Split(err.Error(), "\n  ")
	assert.Equal(t, want, got[1:])
}

// good is a configuration that lacks nothing.
const good = `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  nop:
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [nop]}
`
