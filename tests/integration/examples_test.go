// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const (
	severityWarn  int32 = 13
	severityError int32 = 17
)

var (
	at   = time.Date(2026, 11, 21, 3, 0, 0, 123456789, time.UTC)
	shop = testkit.Pod{Namespace: "shop", Name: "web-7d4b9c6f5d-x2x4z", UID: "b1c2", Container: "main"}
	// long is a line that the runtime splits, and cuts within a character.
	long = "[ERROR] " + strings.Repeat("ä", 20_000) + " end"
)

// fromPath is what every pipeline knows of a container without asking anyone.
func fromPath(more ...string) map[string]any {
	out := map[string]any{
		"k8s.namespace.name": shop.Namespace, "k8s.pod.name": shop.Name, "k8s.pod.uid": shop.UID,
		"k8s.container.name": shop.Container, "k8s.container.restart_count": "0",
	}
	for _, pair := range more {
		key, value, _ := strings.Cut(pair, "=")
		out[key] = value
	}
	return out
}

// secretFile writes a credential where an example wants a file.
func secretFile(t *testing.T, secret string) string {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(secret), 0o600))
	return file
}

// wantRecord is a record as a backend should show it.
type wantRecord struct {
	body       string
	resource   map[string]any
	attributes map[string]any
	severity   string
	number     int32
	time       time.Time
}

func assertRecords(t *testing.T, want []wantRecord, got []testkit.Record) {
	t.Helper()
	require.Len(t, got, len(want))
	byBody := map[any]testkit.Record{}
	for _, r := range got {
		byBody[r.Body] = r
	}
	for _, w := range want {
		r, ok := byBody[w.body]
		if !assert.True(t, ok, "no record with the body %.60q", w.body) {
			continue
		}
		assert.Equal(t, w.resource, r.Resource, "resource of %.60q", w.body)
		assert.Equal(t, w.attributes, r.Attributes, "attributes of %.60q", w.body)
		assert.Equal(t, w.severity, r.SeverityText, "severity text of %.60q", w.body)
		assert.Equal(t, w.number, r.SeverityNumber, "severity number of %.60q", w.body)
		assert.True(t, w.time.Equal(r.Timestamp), "time of %.60q: want %s, got %s", w.body, w.time, r.Timestamp)
	}
}

// writePod writes one line per text, a second apart, and what no pipeline may ship.
func writePod(t *testing.T, c *testkit.Collector, stream string, texts ...string) {
	w := testkit.OpenPod(t, c.PodLogs(), shop)
	for i, text := range texts {
		w.Write(testkit.Line{Time: at.Add(time.Duration(i) * time.Second), Stream: stream, Text: text})
	}
	own := testkit.OpenPod(t, c.PodLogs(), testkit.Pod{Namespace: "tributary", Name: "tributary-abcde", UID: "f00d", Container: "tributary"})
	own.Write(testkit.Line{Time: at, Text: "tributary's own line"})
}

func TestExampleKubernetesToLoki(t *testing.T) {
	backend := testkit.StartBackend(t)
	backend.OnlyPath("/otlp/v1/logs")
	c := testkit.NewCollector(t, "examples/kubernetes-to-loki.yaml").Set("TRIBUTARY_LOKI_URL=" + backend.HTTPURL()).NoMetrics()
	writePod(t, c, "stdout", "first", long)
	p := c.Start(t)
	got := backend.WaitRecords(t, 2, testkit.DeliverTimeout)
	p.Stop(t)
	stdout := map[string]any{"log.iostream": "stdout"}
	assertRecords(t, []wantRecord{
		{body: "first", resource: fromPath(), attributes: stdout, time: at},
		{body: long, resource: fromPath(), attributes: stdout, time: at.Add(time.Second)},
	}, got)
}

func TestExampleKubernetesLevelToLoki(t *testing.T) {
	api := kubeapi.Start(t, kubeapi.NewPod(shop.Namespace, shop.Name, shop.UID, "node-a",
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"), kubeapi.WithContainers(shop.Container)))
	backend := testkit.StartBackend(t)
	backend.OnlyPath("/otlp/v1/logs")
	c := testkit.NewCollector(t, "examples/kubernetes-level-to-loki.yaml").NoMetrics().Set("TRIBUTARY_LOKI_URL="+backend.HTTPURL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	p := c.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	writePod(t, c, "stderr", `{"level":"warn","msg":"disk"}`, `time=12:00 level=error msg="no"`, "[ERROR] bracket",
		"2026-11-21 03:00:00 WARN low", "compiled with 0 errors", "an Error in prose")
	got := backend.WaitRecords(t, 6, testkit.DeliverTimeout)
	p.Stop(t)

	resource := fromPath("k8s.node.name=node-a", "k8s.deployment.name=web", "k8s.cluster.name=rancher-custom")
	stderr := map[string]any{"log.iostream": "stderr"}
	record := func(n int, body, severity string, number int32) wantRecord {
		return wantRecord{body, resource, stderr, severity, number, at.Add(time.Duration(n) * time.Second)}
	}
	assertRecords(t, []wantRecord{
		record(0, `{"level":"warn","msg":"disk"}`, "WARN", severityWarn),
		record(1, `time=12:00 level=error msg="no"`, "ERROR", severityError),
		record(2, "[ERROR] bracket", "ERROR", severityError),
		record(3, "2026-11-21 03:00:00 WARN low", "WARN", severityWarn),
		record(4, "compiled with 0 errors", "", 0),
		record(5, "an Error in prose", "", 0),
	}, got)
}

func TestExampleKubernetesToOTLP(t *testing.T) {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: shop.Namespace, Name: "web", UID: "web-uid", Annotations: map[string]string{"deployment.kubernetes.io/revision": "7"},
	}}
	api := kubeapi.Start(t, deployment, kubeapi.NewReplicaSet(shop.Namespace, "web-7d4b9c6f5d", "rs-1", "web"),
		kubeapi.NewPod(shop.Namespace, shop.Name, shop.UID, "node-a", kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
			kubeapi.WithLabels(map[string]string{"app": "web", "project_name": "shop-web"}), kubeapi.WithContainers(shop.Container)))
	victorialogs, generic := testkit.StartBackend(t), testkit.StartBackend(t)
	victorialogs.OnlyPath("/insert/opentelemetry/v1/logs")
	generic.OnlyPath("/v1/logs")
	c := testkit.NewCollector(t, "examples/kubernetes-to-otlp.yaml").NoMetrics().Set(
		"TRIBUTARY_VICTORIALOGS_URL="+victorialogs.HTTPURL(), "TRIBUTARY_OTLP_URL="+generic.HTTPURL(),
		"TRIBUTARY_OTLP_TOKEN_FILE="+secretFile(t, "t0ken"),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	writePod(t, c, "stdout", "[WARN] slow", long)
	system := testkit.OpenPod(t, c.PodLogs(), testkit.Pod{Namespace: "kube-system", Name: "dns", UID: "dada", Container: "dns"})
	system.Write(testkit.Line{Time: at, Text: "of an excluded namespace"})
	p := c.Start(t)

	resource := fromPath("k8s.node.name=node-a", "k8s.deployment.name=web", "k8s.cluster.name=kubernetes",
		"service.name=shop-web", "app=web", "project_name=shop-web", "deployment_revision=7")
	attributes := map[string]any{"log.iostream": "stdout", "event.source": "kubernetes"}
	want := []wantRecord{
		{"[WARN] slow", resource, attributes, "WARN", severityWarn, at},
		{long, resource, attributes, "ERROR", severityError, at.Add(time.Second)},
	}
	assertRecords(t, want, victorialogs.WaitRecords(t, 2, testkit.DeliverTimeout))
	assertRecords(t, want, generic.WaitRecords(t, 2, testkit.DeliverTimeout))
	p.Stop(t)
	assert.Equal(t, []string{"Bearer t0ken"}, generic.Requests()[0].Header["Authorization"])
	assert.NotEmpty(t, victorialogs.Requests()[0].Header["Vl-Stream-Fields"])
}

func TestExampleKubernetesToGrafanaCloud(t *testing.T) {
	api := kubeapi.Start(t, kubeapi.NewPod(shop.Namespace, shop.Name, "the-api-knows-another-uid", "node-a",
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "web", "unlisted": "dropped"}),
		kubeapi.WithAnnotations(map[string]string{"resource.opentelemetry.io/deployment.environment.name": "prod"}),
		kubeapi.WithContainers(shop.Container)))
	backend := testkit.StartBackend(t)
	backend.OnlyPath("/otlp/v1/logs")
	c := testkit.NewCollector(t, "examples/kubernetes-to-grafana-cloud.yaml").NoMetrics().Set(
		"TRIBUTARY_GRAFANA_CLOUD_URL="+backend.HTTPURL()+"/otlp",
		"TRIBUTARY_GRAFANA_CLOUD_USER_FILE="+secretFile(t, "123"), "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE="+secretFile(t, "t0ken"),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	p := c.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	writePod(t, c, "stdout", "first")
	got := backend.WaitRecords(t, 1, testkit.DeliverTimeout)
	p.Stop(t)

	resource := fromPath("k8s.node.name=node-a", "app.kubernetes.io/name=web", "deployment.environment.name=prod",
		"service.name=web", "service.namespace=shop", "service.instance.id=shop."+shop.Name+".main", "job=shop/main",
		"cluster=my-cluster", "k8s.cluster.name=my-cluster")
	delete(resource, "k8s.pod.uid")
	delete(resource, "k8s.container.restart_count")
	assertRecords(t, []wantRecord{
		{body: "first", resource: resource, attributes: map[string]any{"stream": "stdout"}, time: at},
	}, got)
	assert.Equal(t, []string{"Basic MTIzOnQwa2Vu"}, backend.Requests()[0].Header["Authorization"])
}

func TestExampleLinuxHostToLoki(t *testing.T) {
	backend := testkit.StartBackend(t)
	backend.OnlyPath("/otlp/v1/logs")
	c := testkit.NewCollector(t, "examples/linux-host-to-loki.yaml").NoMetrics().Set("TRIBUTARY_LOKI_URL="+backend.HTTPURL(),
		"TRIBUTARY_LOKI_PASSWORD_FILE="+secretFile(t, "s3cret"))
	require.NoError(t, os.MkdirAll(c.Env["TRIBUTARY_LOGS"], 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(c.Env["TRIBUTARY_LOGS"], "syslog"), []byte(
		"2026-11-21T03:00:00.123456+00:00 alpha my-web[42]: GET /\n"+
			"2026-11-21T03:00:01+00:00 alpha cron[7]: not a web service\n"+
			"no syslog line\n"+
			"2026-11-21T03:00:02+00:00 alpha webhook: no pid\n"), 0o600))
	p := c.Start(t)
	got := backend.WaitRecords(t, 2, testkit.DeliverTimeout)
	p.Stop(t)
	assertRecords(t, []wantRecord{
		{
			body: "GET /", resource: map[string]any{"service.name": "my-web", "host.name": "alpha"},
			attributes: map[string]any{"process.pid": int64(42)}, time: at.Truncate(time.Microsecond),
		},
		{
			body: "no pid", resource: map[string]any{"service.name": "webhook", "host.name": "alpha"},
			attributes: map[string]any{}, time: at.Truncate(time.Second).Add(2 * time.Second),
		},
	}, got)
	assert.Equal(t, []string{"Basic bG9raTpzM2NyZXQ="}, backend.Requests()[0].Header["Authorization"])
}
