// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

// started is a configuration that passes the check, so that what happens at start can be explained.
const started = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: ${env:LISTEN}:4318
      grpc:
  filelog:
    include: [/var/log/x]
    storage: file_storage/queue
exporters:
  otlp_http:
    endpoint: https://h:1
    headers: {authorization: Bearer s3cr3thunter2}
    auth: {authenticator: bearertokenauth/x}
    tls:
      ca_file: /etc/ca.pem
  nop:
extensions:
  bearertokenauth:
    filename: /state/token/a
service:
  extensions: [bearertokenauth]
  pipelines:
    logs: {receivers: [otlp, filelog], exporters: [otlp_http]}
`

// passed returns a Checker that found the files good.
func passed(t *testing.T, files ...string) (*configcheck.Checker, *confmap.Resolver) {
	set := settings(files...)
	checker := configcheck.New(set.Factories)
	checker.Install(&set)
	resolver, err := confmap.NewResolver(set.ConfigProviderSettings.ResolverSettings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, resolver.Shutdown(t.Context())) })
	_, err = resolver.Resolve(t.Context())
	require.NoError(t, err)
	return checker, resolver
}

func TestAnErrorAtStartIsReportedAtItsSetting(t *testing.T) {
	uid := fmt.Sprintf("the process runs as uid %d, gid %d", os.Getuid(), os.Getgid())
	for _, c := range []struct{ name, err, want string }{
		{
			"a port in use, found by its number",
			`cannot start pipelines: failed to start "otlp" receiver: listen tcp 127.0.0.1:4318: bind: address already in use`,
			`a.yaml:5: receivers::otlp::protocols::http::endpoint: listen tcp 127.0.0.1:4318: bind: address already in use (found: "${env:LISTEN}:4318"); another process listens on port 4318: stop it, or change receivers::otlp::protocols::http::endpoint`,
		},
		{
			"a default port in use",
			`cannot start pipelines: failed to start "otlp" receiver: listen tcp 127.0.0.1:4317: bind: address already in use`,
			`a.yaml:6: receivers::otlp::protocols::grpc::endpoint: listen tcp 127.0.0.1:4317: bind: address already in use (found: "localhost:4317", the default); another process listens on port 4317: stop it, or change receivers::otlp::protocols::grpc::endpoint`,
		},
		{
			"a default port of the telemetry",
			`failed to create meter provider: binding address localhost:8888 for Prometheus exporter: listen tcp 127.0.0.1:8888: bind: address already in use`,
			`a.yaml:21: service::telemetry::metrics::readers::0::pull::exporter::prometheus::port: binding address localhost:8888 for Prometheus exporter: listen tcp 127.0.0.1:8888: bind: address already in use (found: 8888, the default); another process listens on port 8888: stop it, or change service::telemetry::metrics::readers::0::pull::exporter::prometheus::port`,
		},
		{
			"a privileged port",
			`cannot start pipelines: failed to start "otlp" receiver: listen tcp 127.0.0.1:4318: bind: permission denied`,
			`a.yaml:5: receivers::otlp::protocols::http::endpoint: listen tcp 127.0.0.1:4318: bind: permission denied (found: "${env:LISTEN}:4318"); ` + uid + `, which may not listen on a port below 1024`,
		},
		{
			"a folder above the setting",
			`failed to build extensions: failed to create extension "bearertokenauth": mkdir /state: permission denied`,
			`a.yaml:20: extensions::bearertokenauth::filename: mkdir /state: permission denied (found: "/state/token/a"); ` + uid + `; give it access to /state, or choose another path`,
		},
		{
			"an extension that does not say which one it is",
			`failed to start extensions: open /state/token/a: read-only file system`,
			`a.yaml:20: extensions::bearertokenauth::filename: open /state/token/a: read-only file system (found: "/state/token/a"); choose a path on a volume that can be written`,
		},
		{
			"an authenticator that is not there",
			`cannot start pipelines: failed to start "otlp_http" exporter: failed to resolve authenticator "bearertokenauth/x": authenticator not found`,
			`a.yaml:14: exporters::otlp_http::auth::authenticator: failed to resolve authenticator "bearertokenauth/x": authenticator not found (found: "bearertokenauth/x"); define the extension under extensions and name it in service::extensions`,
		},
		{
			"a storage that is not there",
			`cannot start pipelines: failed to start "filelog" receiver: storage client: storage extension 'file_storage/queue' not found`,
			`a.yaml:9: receivers::filelog::storage: storage client: storage extension 'file_storage/queue' not found (found: "file_storage/queue"); define the extension under extensions and name it in service::extensions`,
		},
		{
			"a storage that somebody else has open",
			`cannot start pipelines: failed to start "filelog" receiver: storage client: timeout`,
			`a.yaml:7: receivers::filelog: storage client: timeout; another process has the storage open, perhaps a second collector: stop it, or give this one a folder of its own`,
		},
		{
			"a file that is missing",
			`cannot start pipelines: failed to start "otlp_http" exporter: failed to load cert /etc/ca.pem: open /etc/ca.pem: no such file or directory`,
			`a.yaml:16: exporters::otlp_http::tls::ca_file: failed to load cert /etc/ca.pem: open /etc/ca.pem: no such file or directory (found: "/etc/ca.pem"); correct the path or create it`,
		},
		{
			"nothing that the settings explain",
			`failed to build pipelines: failed to create "otlp_http" exporter for data type "logs": out of luck with s3cr3thunter2`,
			`a.yaml:11: exporters::otlp_http: out of luck with [REDACTED]`,
		},
		{
			"a path of the Collector",
			`invalid configuration: service::pipelines::logs: references processor "x" which is not configured`,
			`a.yaml:24: service::pipelines::logs: references processor "x" which is not configured`,
		},
		{
			"no component at all",
			`cannot do anything`,
			`cannot do anything`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("LISTEN", "127.0.0.1")
			checker, _ := passed(t, write(t, started)...)
			err := checker.Explain(errors.New(c.err))
			lines(t, err, c.want)
			assert.ErrorContains(t, err, "the collector could not start\n")
		})
	}
}

func TestTheReasonComesWithoutWhatFollowedFromIt(t *testing.T) {
	t.Setenv("LISTEN", "127.0.0.1")
	checker, _ := passed(t, write(t, started)...)
	lines(t, checker.Explain(errors.Join(errors.New(`failed to start "nop" exporter: no`), errors.New("failed to shutdown pipelines: s3cr3thunter2"))),
		"a.yaml:17: exporters::nop: no")
	assert.EqualError(t, checker.Explain(errors.New("failed to shutdown pipelines: s3cr3thunter2")), "failed to shutdown pipelines: [REDACTED]")
}

func TestWhatIsNotAboutTheConfigurationStaysAsItIs(t *testing.T) {
	checker := configcheck.New(factories)
	require.NoError(t, checker.Explain(nil))
	err := errors.New("at least one config flag must be provided")
	assert.Same(t, err, checker.Explain(err))
}

func TestAReloadIsCheckedByItself(t *testing.T) {
	files := write(t, good, `exporters: {otlp_http: {endpoint: "http://h:1"}}`)
	checker, resolver := passed(t, files...)

	reload := func(second string) error {
		require.NoError(t, os.WriteFile("b.yaml", []byte(second), 0o600))
		_, err := resolver.Resolve(t.Context())
		return checker.Explain(err)
	}
	require.NoError(t, reload(`exporters: {otlp_http: {endpoint: "http://h:2"}}`))
	err := reload("# new\nexporters: {otlp_http: {endpoint: \"${env:UNSET}\", timeot: 1}}")
	require.ErrorContains(t, err, "the reloaded configuration has 2 problems; the collector goes on with the one before\n")
	require.ErrorContains(t, err, "b.yaml:2: exporters::otlp_http::timeot")

	require.NoError(t, os.Remove("b.yaml"))
	_, err = resolver.Resolve(t.Context())
	lines(t, checker.Explain(err), "b.yaml: the file b.yaml does not exist; correct the path or create the file")
	assert.NoError(t, reload(`exporters: {otlp_http: {endpoint: "http://h:3"}}`))
}
