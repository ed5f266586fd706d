// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// upstream names a configuration of testdata as upstream users have it. It is run unchanged but for the addresses and
// paths of this machine, which stand for what a user's cluster has: `moved` maps each to the test's own.
func upstream(t *testing.T, file string, moved map[string]string) *testkit.Collector {
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	text := string(raw)
	for from, to := range moved {
		require.Contains(t, text, from)
		text = strings.ReplaceAll(text, from, to)
	}
	config := filepath.Join(t.TempDir(), file)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	return testkit.NewCollector(t, config)
}

// send posts one line over OTLP, as an application does.
func send(t *testing.T, url, line string) {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(line)
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	resp, err := http.Post(url+"/v1/logs", "application/x-protobuf", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	http.DefaultClient.CloseIdleConnections()
}

func TestDropInLogsCollectionPresetOfTheHelmChart(t *testing.T) {
	backend := testkit.StartBackend(t)
	pod := testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"}
	api := kubeapi.Start(t, kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, "node-a", kubeapi.WithContainers(pod.Container)))
	pods, ip := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	c := upstream(t, "helm-logs-collection.yaml", map[string]string{
		"/var/log/pods":             pods,
		"/var/lib/otelcol":          t.TempDir(),
		"${env:MY_POD_IP}:13133":    fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)),
		"${env:MY_POD_IP}:4317":     fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)),
		"${env:MY_POD_IP}:4318":     ip,
		"port: 8888":                fmt.Sprintf("port: %d", testkit.FreePort(t)),
		"https://example.com:55681": backend.HTTPURL(),
		"auth_type: serviceAccount": "auth_type: kubeConfig",
	}).Set("MY_POD_IP=127.0.0.1", "K8S_NODE_NAME=node-a", "KUBECONFIG="+api.Kubeconfig(t))
	w := testkit.OpenPod(t, pods, pod)
	w.Write(testkit.Line{Time: at, Text: "from before: the preset starts at the end"})
	p := c.Start(t)
	p.WaitOutput(t, "Started watching file", testkit.StartTimeout)
	// It says so before it goes to the end of the file. What is written in between is from before, too.
	require.Eventually(t, func() bool {
		w.Write(testkit.Line{Time: at, Stream: "stderr", Text: "one line"})
		return backend.Count() > 0
	}, testkit.DeliverTimeout, time.Second)
	send(t, "http://"+ip, "from an application")
	bodies := map[any]testkit.Record{}
	backend.WaitFor(t, testkit.DeliverTimeout, "a line of the file and one from an application", func(records []testkit.Record) bool {
		for _, r := range records {
			bodies[r.Body] = r
		}
		return len(bodies) == 2
	})
	p.Stop(t)

	assert.Contains(t, bodies, "from an application")
	file := bodies["one line"]
	assert.Equal(t, "shop", file.Resource["k8s.namespace.name"])
	assert.Equal(t, "web-0", file.Resource["k8s.pod.name"])
	assert.Equal(t, "main", file.Resource["k8s.container.name"])
	assert.Equal(t, "stderr", file.Attributes["log.iostream"])
	assert.True(t, at.Equal(file.Timestamp), file.Timestamp)
}

func TestDropInDefaultConfigOfTheKubernetesDistribution(t *testing.T) {
	http1 := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	c := upstream(t, "otelcol-k8s.yaml", map[string]string{
		"0.0.0.0:4317": fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)),
		"0.0.0.0:4318": http1,
	})
	c.NoMetrics()
	c.Args = append(c.Args, "--set=extensions.health_check.endpoint="+c.Env["TRIBUTARY_HEALTH_ENDPOINT"])
	p := c.Start(t)
	send(t, "http://"+http1, "printed in detail")
	p.WaitOutput(t, "Body: Str(printed in detail)", testkit.DeliverTimeout)
	p.Stop(t)
}

func TestDropInOldNames(t *testing.T) {
	backend := testkit.StartBackend(t)
	api := kubeapi.Start(t)
	pods := t.TempDir()
	c := upstream(t, "old-names.yaml", map[string]string{
		"/var/log/pods":             pods,
		"http://backend:4318":       backend.HTTPURL(),
		"backend:4317":              backend.GRPCAddr(),
		"auth_type: serviceAccount": "auth_type: kubeConfig",
	}).Set("KUBECONFIG=" + api.Kubeconfig(t)).NoMetrics()
	w := testkit.OpenPod(t, pods, testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"})
	w.Write(testkit.Line{Time: at, Text: "one line"})
	p := c.Start(t)
	// otlphttp, otlp and loadbalancing each send it.
	got := backend.WaitRecords(t, 3, testkit.DeliverTimeout)
	p.Stop(t)
	for _, r := range got {
		assert.Equal(t, "one line", r.Body)
		assert.Equal(t, "web-0", r.Resource["k8s.pod.name"])
		assert.Equal(t, "linux", r.Resource["os.type"])
	}
}
