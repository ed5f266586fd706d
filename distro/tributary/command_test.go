// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
)

// execute runs the command as main does, and returns what it prints about an error.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return executeWith(t, components, args...)
}

func executeWith(t *testing.T, factories func() (otelcol.Factories, error), args ...string) (string, error) {
	t.Helper()
	cmd := newCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "tributary", Version: "test"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{
				envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
			},
		}},
	})
	var printed bytes.Buffer
	cmd.SetOut(&printed)
	cmd.SetErr(&printed)
	cmd.SetArgs(append([]string{}, args...))
	// A configuration that is wrongly taken for good would run for ever.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := cmd.ExecuteContext(ctx)
	return printed.String(), err
}

// command runs a command that must fail, and returns its message.
func command(t *testing.T, args ...string) string {
	t.Helper()
	printed, err := execute(t, args...)
	require.Error(t, err, "the collector ran")
	return printed
}

// folder makes a new working folder with one file for each document: a.yaml, b.yaml and so on.
func folder(t *testing.T, documents ...string) {
	t.Chdir(t.TempDir())
	for i, text := range documents {
		require.NoError(t, os.WriteFile(string(rune('a'+i))+".yaml", []byte(strings.TrimPrefix(text, "\n")), 0o600))
	}
}

// taken returns the address of a port on which somebody listens.
func taken(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

const runnable = `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  nop:
service:
  telemetry: {metrics: {level: none}, logs: {level: fatal}}
  pipelines:
    logs: {receivers: [otlp], exporters: [nop]}
`

func TestABrokenConfigurationIsReportedOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	folder(t, runnable, `
receivers:
  file_log: {include: [/var/log/x], start: end}
processors:
  memory_limitr:
exporters:
  otlp_http:
    endpoint: http://h:1
    timeot: 30s
    retry_on_failure:
      max_elapsed_time: abc
extensions:
  bearertokenauth: {token: "${env:TRIBUTARY_TEST_UNSET}"}
service:
  pipelines:
    logs: {receivers: [otlp, filelog], exporters: [otlp_htp]}
`, `
exporters: {otlp_http: {endpoint: "http://h:2"}}
`)
	const body = "the configuration has 8 problems; nothing was started\n" +
		"  b.yaml:2: receivers::file_log::start: unknown key (found: \"end\"); did you mean `start_at`?\n" +
		"  b.yaml:4: processors::memory_limitr: unknown processor type \"memory_limitr\"; did you mean `memory_limiter`?\n" +
		"  b.yaml:8: exporters::otlp_http::timeot: unknown key (found: \"30s\"); did you mean `timeout`?\n" +
		"  b.yaml:10: exporters::otlp_http::retry_on_failure::max_elapsed_time: not a duration (found: \"abc\"); write a number with a unit, such as 30s or 5m\n" +
		"  b.yaml:12: extensions::bearertokenauth::token: the environment variable TRIBUTARY_TEST_UNSET is not set (found: \"${env:TRIBUTARY_TEST_UNSET}\"); set TRIBUTARY_TEST_UNSET or give a default with ${env:TRIBUTARY_TEST_UNSET:-value}\n" +
		"  b.yaml:15: service::pipelines::logs::exporters::0: there is no exporter \"otlp_htp\" (found: \"otlp_htp\"); did you mean `otlp_http`?\n" +
		"  b.yaml:15: service::pipelines::logs::receivers::1: there is no receiver \"filelog\" (found: \"filelog\"); did you mean `file_log`?\n" +
		"  c.yaml:1: exporters::otlp_http::endpoint: conflicts with b.yaml:7, which has \"http://h:1\" (found: \"http://h:2\"); keep one of the two; to let the later file win, start with --feature-gates=-tributary.refuseConflictingExporters\n"

	for _, args := range [][]string{{}, {"validate"}} {
		args = append(args, "--config=a.yaml", "--config=file:b.yaml", "--config", "c.yaml")
		assert.Equal(t, "Error: "+body, command(t, args...))
	}
}

func TestAValueFromSetIsCheckedAndIsNoConflict(t *testing.T) {
	folder(t, runnable, `exporters: {otlp_http: {endpoint: "http://h:1"}}`)
	assert.Equal(t, "Error: the configuration has 1 problem; nothing was started\n"+
		"  command line: exporters::otlp_http::timeout: not a duration (found: \"soon\"); write a number with a unit, such as 30s or 5m\n",
		command(t, "--config=a.yaml", "--config=b.yaml", "--set=exporters.otlp_http.endpoint=http://h:2", "--set=exporters.otlp_http.timeout=soon"))
}

func TestWithoutAConfigurationUpstreamSpeaks(t *testing.T) {
	assert.Equal(t, "Error: at least one config flag must be provided\n", command(t))
}

func TestAnErrorAtStartNamesTheSetting(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       string
	}{
		{"a port that is in use", `
receivers:
  otlp:
    protocols:
      http:
        endpoint: ${env:TAKEN}
`, `b.yaml:5: receivers::otlp::protocols::http::endpoint: listen tcp TAKEN: bind: address already in use (found: "${env:TAKEN}"); another process listens on port PORT: stop it, or change receivers::otlp::protocols::http::endpoint`},
		{"the port of an extension", `
extensions: {health_check: {endpoint: "${env:TAKEN}"}}
service: {extensions: [health_check]}
`, `b.yaml:1: extensions::health_check::endpoint: failed to bind to address TAKEN: listen tcp TAKEN: bind: address already in use (found: "${env:TAKEN}"); another process listens on port PORT: stop it, or change extensions::health_check::endpoint`},
		{"the port of the telemetry", `
service:
  telemetry:
    metrics: {level: normal, readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "${env:PORT}"}}}}]}
`, `b.yaml:3: service::telemetry::metrics::readers::0::pull::exporter::prometheus::port: binding address TAKEN for Prometheus exporter: listen tcp TAKEN: bind: address already in use (found: "${env:PORT}"); another process listens on port PORT: stop it, or change service::telemetry::metrics::readers::0::pull::exporter::prometheus::port`},
		{"a state folder that cannot be made", `
extensions:
  file_storage:
    create_directory: true
    directory: /proc/tributary/state
connectors: {queue: {sending_queue: {storage: file_storage}}}
service:
  extensions: [file_storage]
  pipelines:
    logs: {exporters: [queue]}
    logs/queued: {receivers: [queue], exporters: [nop]}
`, `b.yaml:4: extensions::file_storage::directory: open storage client: mkdir /proc/tributary: no such file or directory; let user UID create it, or set another extensions::file_storage::directory (found: "/proc/tributary/state"); correct the path or create it`},
		{"an authenticator that is not there", `
exporters: {otlp_http: {endpoint: "http://127.0.0.1:1", auth: {authenticator: bearertokenauth/x}}}
service: {pipelines: {logs: {exporters: [otlp_http]}}}
`, `b.yaml:1: exporters::otlp_http::auth::authenticator: failed to resolve authenticator "bearertokenauth/x": authenticator not found (found: "bearertokenauth/x"); define the extension under extensions and name it in service::extensions`},
		{"a certificate that is not there", `
exporters: {otlp_grpc: {endpoint: "127.0.0.1:1", tls: {ca_file: /nowhere/ca.pem}}}
service: {pipelines: {logs: {exporters: [otlp_grpc]}}}
`, `b.yaml:1: exporters::otlp_grpc::tls::ca_file: failed to load TLS config: failed to load CA CertPool File: failed to load cert /nowhere/ca.pem: open /nowhere/ca.pem: no such file or directory (found: "/nowhere/ca.pem"); correct the path or create it`},
		{"a token in clear text", `
extensions: {bearertokenauth: {filename: b.yaml}}
exporters: {otlp_grpc: {endpoint: "127.0.0.1:1", tls: {insecure: true}, auth: {authenticator: bearertokenauth}}}
service: {extensions: [bearertokenauth], pipelines: {logs: {exporters: [otlp_grpc]}}}
`, `b.yaml:2: exporters::otlp_grpc: grpc: the credentials require transport level security (use grpc.WithTransportCredentials() to set); credentials are not sent in clear text: set tls::insecure to false, or leave them out`},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := taken(t)
			_, port, _ := net.SplitHostPort(address)
			t.Setenv("TAKEN", address)
			t.Setenv("PORT", port)
			folder(t, runnable, c.file)
			want := strings.NewReplacer("${env:TAKEN}", "${env:TAKEN}", "${env:PORT}", "${env:PORT}", "TAKEN", address, "PORT", port, "UID", strconv.Itoa(os.Geteuid())).Replace(c.want)
			assert.Equal(t, "Error: the collector could not start\n  "+want+"\n", command(t, "--config=a.yaml", "--config=b.yaml"))
		})
	}
}

func TestPrintConfigShowsWhatIsIncomplete(t *testing.T) {
	folder(t, "exporters: {otlp_http: {endpoint: \"${env:TRIBUTARY_TEST_UNSET}\"}}\n")
	assert.Contains(t, command(t, "print-config", "--config=a.yaml"), "TRIBUTARY_TEST_UNSET is not set")
	_, err := execute(t, "print-config", "--validate=false", "--config=a.yaml")
	assert.NoError(t, err)
}

func TestVersionNamesTheRevision(t *testing.T) {
	revision = "abc1234"
	t.Cleanup(func() { revision = "" })
	printed, err := execute(t, "--version")
	require.NoError(t, err)
	assert.Equal(t, "tributary version test (abc1234)\n", printed)
}
