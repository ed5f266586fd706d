// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// rig is a node with the built binary, both backends, and the Prometheus that watches it.
type rig struct {
	t         *testing.T
	collector *testkit.Collector
	process   *testkit.Process
	otlp      *testkit.Backend
	loki      *lokifake.Server
	target    *target
	// somebody starts the collector without the rights of root.
	somebody bool

	// file is what the container prints to, until it is quiet.
	file  *os.File
	quiet bool
}

func newRig(t *testing.T, configs ...string) *rig {
	t.Helper()
	r := &rig{t: t, otlp: testkit.StartBackend(t), loki: lokifake.Start(t, lokifake.Options{})}
	kubeconfig := kubeapi.Start(t, kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, "node-a")).Kubeconfig(t)
	require.NoError(t, os.Chmod(kubeconfig, 0o644)) //nolint:gosec // For somebody.
	r.collector = testkit.NewCollector(t, configs...).Set("TRIBUTARY_OTLP_URL="+r.otlp.HTTPURL(), "TRIBUTARY_LOKI_URL="+r.loki.URL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeconfig, "TRIBUTARY_NODE_NAME=node-a")
	for _, dir := range []string{r.state(), r.collector.Env["TRIBUTARY_LOGS"], filepath.Dir(r.log())} {
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	var err error
	r.file, err = os.Create(r.log())
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.file.Close() })
	r.target = &target{prometheus: newPrometheus(t, teststorage.New(t), speed), url: r.metrics()}
	return r
}

func (r *rig) state() string { return r.collector.Env["TRIBUTARY_STATE"] }

var pod = testkit.Pod{Namespace: "shop", Name: "web-0", UID: "3f2c0000-0000-4000-8000-000000000001", Container: "main"}

// log is the log file of the container.
func (r *rig) log() string { return pod.LogPath(r.collector.PodLogs()) }

// other is a log file of an earlier run of the container.
func (r *rig) other() string { return filepath.Join(filepath.Dir(r.log()), "1.log") }

func (r *rig) metrics() string {
	return "http://127.0.0.1:" + r.collector.Env["TRIBUTARY_METRICS_PORT"] + "/metrics"
}

func (r *rig) start() {
	r.t.Helper()
	options := r.collector.Options()
	if r.somebody {
		options = testkit.AsSomebody(r.t, options, r.state(), r.collector.PodLogs(), filepath.Dir(r.collector.Env["KUBECONFIG"]))
	}
	r.process = testkit.Start(r.t, options)
	r.process.WaitReady(r.t, testkit.StartTimeout)
}

// print lets the container print a line.
func (r *rig) print(at time.Time) {
	r.t.Helper()
	require.NoError(r.t, testkit.AppendCRI(r.file, testkit.Line{Time: at, Text: "a line"}, 0))
}

// write writes a text file of the host.
func (r *rig) write(name, text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(filepath.Join(r.collector.Env["TRIBUTARY_LOGS"], name), []byte(text), 0o644))
}

// arrived waits for one more line.
func (r *rig) arrived() {
	r.t.Helper()
	count := func() int { return r.otlp.Count() + r.loki.Count() }
	before := count()
	r.print(time.Now())
	testkit.Eventually(r.t, testkit.DeliverTimeout, fmt.Sprintf("more than %d lines", before), func() bool { return count() > before })
}
