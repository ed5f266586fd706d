// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// Each backend gets a line of host.yaml, where it wants it and with the credentials that it wants.
func TestEveryBackendIsSpokenToInItsOwnWay(t *testing.T) {
	token := secretFile(t, "t0ken")
	for _, tt := range []struct {
		name     string
		env      []string // URL and HOST stand for the fake backend's.
		protocol string
		path     string
		header   map[string]string
	}{
		{
			name: "otlp", env: []string{"TRIBUTARY_OTLP_URL=URL", `TRIBUTARY_OTLP_HEADERS={Authorization: "Bearer ${file:` + token + `}"}`},
			protocol: "http", path: "/v1/logs", header: map[string]string{"Authorization": "Bearer t0ken"},
		},
		{
			name: "otlp-grpc", env: []string{"TRIBUTARY_OTLP_GRPC_ENDPOINT=HOST", "TRIBUTARY_OTLP_HEADERS={x-team: shop}"},
			protocol: "grpc", header: map[string]string{"x-team": "shop"},
		},
		{
			name: "victorialogs", env: []string{"TRIBUTARY_VICTORIALOGS_URL=URL"},
			protocol: "http", path: "/insert/opentelemetry/v1/logs", header: map[string]string{
				"Vl-Stream-Fields": "k8s.cluster.name,k8s.namespace.name,k8s.pod.name,k8s.container.name,service.name,host.name",
			},
		},
		{
			name: "loki-otlp", env: []string{"TRIBUTARY_LOKI_URL=URL", "TRIBUTARY_LOKI_TENANT=shop"},
			protocol: "http", path: "/otlp/v1/logs", header: map[string]string{"X-Scope-Orgid": "shop"},
		},
		{
			name: "grafana-cloud", protocol: "http", path: "/otlp/v1/logs",
			env:    []string{"TRIBUTARY_GRAFANA_CLOUD_URL=URL/otlp", "TRIBUTARY_GRAFANA_CLOUD_USER=123", "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE=" + token},
			header: map[string]string{"Authorization": "Basic MTIzOnQwa2Vu"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			encodings := map[string]string{"otlp": "zstd", "victorialogs": "zstd", "otlp-grpc": "gzip", "loki-otlp": "gzip", "grafana-cloud": "gzip"}
			backend := testkit.StartBackend(t)
			if tt.path != "" {
				backend.OnlyPath(tt.path)
			}
			c := testkit.NewCollector(t, "host.yaml", "backends/"+tt.name+".yaml")
			for _, pair := range tt.env {
				c.Set(strings.NewReplacer("=URL", "="+backend.HTTPURL(), "=HOST", "="+backend.GRPCAddr()).Replace(pair))
			}
			file := filepath.Join(c.Env["TRIBUTARY_LOGS"], "app", "app.log")
			// Short requests are not compressed.
			line := "  a line with blanks" + strings.Repeat(" and more", 200) + " \t"
			appendLine(t, file, line)
			p := c.Start(t)
			got := backend.WaitRecords(t, 1, testkit.DeliverTimeout)[0]
			p.Stop(t)

			assert.Equal(t, line, got.Body)
			assert.Equal(t, map[string]any{"log.file.path": file}, got.Attributes)
			host, err := os.Hostname()
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"host.name": host, "os.type": "linux"}, got.Resource)
			request := backend.Requests()[0]
			assert.Equal(t, tt.protocol, request.Protocol)
			assert.Equal(t, encodings[tt.name], request.Encoding)
			for key, value := range tt.header {
				assert.Equal(t, []string{value}, request.Header[key], key)
			}
		})
	}
}

// The two that speak the push API, which carries labels instead of a resource.
func TestLokiIsPushedTo(t *testing.T) {
	token := secretFile(t, "t0ken")
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		env    []string // URL stands for the fake backend's.
		header map[string]string
	}{
		{name: "loki", env: []string{"TRIBUTARY_LOKI_URL=URL", "TRIBUTARY_LOKI_TENANT=shop"}, header: map[string]string{"X-Scope-Orgid": "shop"}},
		{
			name: "grafana-cloud-loki",
			env: []string{
				"TRIBUTARY_GRAFANA_CLOUD_LOKI_URL=URL", "TRIBUTARY_GRAFANA_CLOUD_LOKI_USER=123", "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE=" + token,
			},
			header: map[string]string{"Authorization": "Basic MTIzOnQwa2Vu"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loki := lokifake.Start(t, lokifake.Options{MultiTenant: tt.name == "loki"})
			c := testkit.NewCollector(t, "host.yaml", "backends/"+tt.name+".yaml")
			for _, pair := range tt.env {
				c.Set(strings.Replace(pair, "=URL", "="+loki.URL(), 1))
			}
			file := filepath.Join(c.Env["TRIBUTARY_LOGS"], "app", "app.log")
			appendLine(t, file, "  a line with blanks \t")
			p := c.Start(t)
			got := loki.WaitEntries(t, 1, testkit.DeliverTimeout)[0]
			p.Stop(t)

			assert.Equal(t, "  a line with blanks \t", got.Line)
			assert.Equal(t, map[string]string{"filename": file, "instance": host, "service_name": "unknown_service"}, got.Labels)
			assert.Equal(t, []lokifake.Pair{{Name: "os_type", Value: "linux"}}, got.Metadata)
			for key, value := range tt.header {
				assert.Equal(t, []string{value}, loki.Requests()[0].Header[key], key)
			}
		})
	}
}
