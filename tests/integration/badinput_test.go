// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// secret stands in every configuration of this file, and may never be printed.
const secret = "hunter2-is-the-password"

// source is a correct source; the cases put a broken backend behind it, or break it.
const source = `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
connectors:
  forward:
extensions:
  file_storage:
    directory: STATE
    create_directory: true
service:
  extensions: [file_storage]
  telemetry:
    metrics:
      level: none
  pipelines:
    logs/in:
      receivers: [otlp]
      exporters: [forward]
`

const backendFile = `exporters:
  otlp_http:
    endpoint: http://localhost:4318
    headers:
      Authorization: Bearer ` + secret + `
service:
  pipelines:
    logs/out:
      receivers: [forward]
      exporters: [otlp_http]
`

// change replaces one line of a configuration.
func change(text, from, to string) string {
	if !strings.Contains(text, from) {
		panic("no " + from)
	}
	return strings.Replace(text, from, to, 1)
}

func TestBadInputIsNamedWithFileKeyAndValue(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	plain := filepath.Join(t.TempDir(), "plain-file")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))

	for _, tt := range []struct {
		name            string
		source, backend string
		more            string // a third file
		want            []string
	}{
		{
			name: "an unknown key", source: source,
			backend: change(backendFile, "    headers:", "    timeot: 30s\n    headers:"),
			want:    []string{"backend.yaml:4", "exporters::otlp_http::timeot", `"30s"`, "did you mean `timeout`?"},
		},
		{
			name: "a wrong type", source: source,
			backend: change(backendFile, "    headers:", "    timeout: soon\n    headers:"),
			want:    []string{"backend.yaml:4", "exporters::otlp_http::timeout", `"soon"`},
		},
		{
			name: "a missing environment variable", source: source,
			backend: change(backendFile, "http://localhost:4318", "${env:TRIBUTARY_TEST_UNSET}"),
			want:    []string{"backend.yaml:3", "exporters::otlp_http::endpoint", "${env:TRIBUTARY_TEST_UNSET}", "not set"},
		},
		{
			name: "an unknown component", source: change(source, "connectors:", "  tail:\n    token: "+secret+"\nconnectors:"),
			backend: backendFile,
			want:    []string{"source.yaml:6", "receivers::tail", `"tail"`, "file_log"},
		},
		{
			name: "two files that define the same exporter differently", source: source, backend: backendFile,
			more: "exporters:\n  otlp_http:\n    endpoint: http://elsewhere:4318\n",
			want: []string{"backend.yaml:3", "third.yaml:3", "exporters::otlp_http::endpoint", "http://localhost:4318", "http://elsewhere:4318"},
		},
		{
			name: "a pipeline that names what is not there", source: source,
			backend: change(backendFile, "exporters: [otlp_http]", "exporters: [otlp_grpc]"),
			want:    []string{"backend.yaml:10", "service::pipelines::logs/out::exporters", "otlp_grpc"},
		},
		{
			name: "no YAML", source: source, backend: "exporters:\n  otlp_http: [" + secret + "\n",
			want: []string{"backend.yaml"},
		},
		{
			name: "a port in use", source: change(source, "127.0.0.1:0", taken.Addr().String()), backend: backendFile,
			want: []string{"source.yaml:5", "receivers::otlp::protocols::http::endpoint", taken.Addr().String(), "address already in use"},
		},
		{
			name: "a state folder that cannot be made", source: change(source, "STATE", plain+"/state"), backend: backendFile,
			want: []string{"source.yaml:10", "extensions::file_storage::directory", plain + "/state", "not a directory"},
		},
		{
			name: "everything at once", source: change(source, "connectors:", "  tail:\nconnectors:"),
			backend: change(backendFile, "    headers:", "    timeot: 30s\n    headers:"),
			want:    []string{"2 problems", "receivers::tail", "exporters::otlp_http::timeot"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			c := &testkit.Collector{Env: map[string]string{}}
			write := func(name, text string) {
				if text == "" {
					return
				}
				text = strings.ReplaceAll(text, "STATE", filepath.Join(dir, "state"))
				file := filepath.Join(dir, name)
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				c.Configs = append(c.Configs, file)
			}
			write("source.yaml", tt.source)
			write("backend.yaml", tt.backend)
			write("third.yaml", tt.more)
			refused(t, c.Options(), tt.want...)
		})
	}
}

// refused starts the binary, and wants it to end with an error whose message has all parts and no secret.
func refused(t *testing.T, opts testkit.Options, want ...string) {
	t.Helper()
	p := testkit.Start(t, opts)
	code, elapsed := p.Wait(t, testkit.StartTimeout)
	t.Logf("ended after %s", elapsed)
	assert.NotZero(t, code)
	assert.Equal(t, 1, strings.Count("\n"+p.Stderr(), "\nError: "), "one message:\n%s", p.Stderr())
	_, message, _ := strings.Cut("\n"+p.Stderr(), "\nError: ")
	for _, part := range want {
		assert.Contains(t, message, part)
	}
	assert.NotContains(t, p.Stdout()+p.Stderr(), secret)
}

func TestBadInputAConfigFileThatDoesNotExist(t *testing.T) {
	refused(t, testkit.Options{Args: []string{"--config=/nowhere/tributary.yaml"}}, "/nowhere/tributary.yaml", "does not exist")
}

func TestBadInputAStateFolderThatMayNotBeWritten(t *testing.T) {
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Mkdir(closed, 0o555))
	file := filepath.Join(dir, "all.yaml")
	text := change(source, "STATE", closed+"/state")
	text = change(text, "exporters: [forward]\n", "exporters: [debug]\n") + "exporters:\n  debug:\n    sending_queue:\n      storage: file_storage\n"
	text = change(text, "connectors:\n  forward:\n", "")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	opts := testkit.AsSomebody(t, testkit.Options{Args: []string{"--config=" + file}}, filepath.Join(dir, "open"))
	refused(t, opts, "all.yaml:8", "extensions::file_storage::directory", closed+"/state", "permission denied")
}

func TestBadInputTwoOnOneStateFolder(t *testing.T) {
	first := testkit.NewCollector(t, "host.yaml", "backends/debug.yaml")
	p := first.Start(t)
	second := testkit.NewCollector(t, "host.yaml", "backends/debug.yaml").Set("TRIBUTARY_STATE=" + first.Env["TRIBUTARY_STATE"])
	refused(t, second.Options(), "host.yaml", "extensions::checkpoint_storage::directory", "is in use by process")
	p.Stop(t)
}

// A secret reaches no message, wherever it stands.
func TestBadInputNeverPrintsASecret(t *testing.T) {
	for name, text := range map[string]string{
		"beside an unknown key":       "exporters:\n  otlp_http:\n    endpoint: http://localhost:1\n    timeot: 1s\n    headers: {X-Api-Key: " + secret + "}\n",
		"as a header of a wrong type": "exporters:\n  otlp_http:\n    headers:\n      Authorization: [" + secret + "]\n",
		"in the address":              "exporters:\n  otlp_http:\n    endpoint: http://user:" + secret + "@local host:1\n    timeout: x\n",
		"in a token of a wrong type":  "extensions:\n  bearertokenauth:\n    token: {a: " + secret + "}\n",
		"in the environment":          "extensions:\n  basicauth:\n    client_auth:\n      password: ${env:TOKEN}\n      pasword: ${env:TOKEN}\n",
		"where YAML breaks":           "extensions:\n  basicauth:\n    client_auth:\n      password: " + secret + ": x: y\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "secret.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			refused(t, testkit.Options{Args: []string{"--config=" + file}, Env: []string{"TOKEN=" + secret}}, "secret.yaml")
		})
	}
}
