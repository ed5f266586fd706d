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
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

const (
	severityWarn  int32 = 13
	severityError int32 = 17
)

var (
	at = time.Date(2026, 11, 21, 3, 0, 0, 123456789, time.UTC)
	// recent is for Loki, which refuses what is older than a week.
	recent = time.Now().UTC().Add(-5 * time.Minute).Truncate(time.Second).Add(123456789)
	shop   = testkit.Pod{Namespace: "shop", Name: "web-7d4b9c6f5d-x2x4z", UID: "b1c2", Container: "main"}
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

// wantEntry is an entry as Loki should show it. Metadata lists all of it but what is different in each run.
type wantEntry struct {
	line     string
	labels   map[string]string
	metadata map[string]string
	time     time.Time
}

func assertEntries(t *testing.T, want []wantEntry, got []lokifake.Entry) {
	t.Helper()
	require.Len(t, got, len(want))
	byLine := map[string]lokifake.Entry{}
	for _, e := range got {
		byLine[e.Line] = e
	}
	for _, w := range want {
		e, ok := byLine[w.line]
		if !assert.True(t, ok, "no entry with the line %.60q", w.line) {
			continue
		}
		metadata := map[string]string{}
		for _, pair := range e.Metadata {
			metadata[pair.Name] = pair.Value
		}
		assert.Equal(t, w.labels, e.Labels, "labels of %.60q", w.line)
		assert.Equal(t, w.metadata, metadata, "metadata of %.60q", w.line)
		assert.True(t, w.time.Equal(e.Timestamp), "time of %.60q: want %s, got %s", w.line, w.time, e.Timestamp)
	}
}

// inLoki is what the exporter's profile `alloy` makes of a container's path, as structured metadata.
func inLoki(more ...string) map[string]string {
	out := map[string]string{
		"pod": shop.Name, "k8s_pod_uid": shop.UID, "k8s_container_restart_count": "0",
		"service_instance_id": shop.Namespace + "." + shop.Name + "." + shop.Container,
	}
	for _, pair := range more {
		key, value, _ := strings.Cut(pair, "=")
		out[key] = value
	}
	return out
}

// writePod writes one line per text, a second apart, and what no pipeline may ship.
func writePod(t *testing.T, c *testkit.Collector, from time.Time, stream string, texts ...string) {
	w := testkit.OpenPod(t, c.PodLogs(), shop)
	for i, text := range texts {
		w.Write(testkit.Line{Time: from.Add(time.Duration(i) * time.Second), Stream: stream, Text: text})
	}
	own := testkit.OpenPod(t, c.PodLogs(), testkit.Pod{Namespace: "tributary", Name: "tributary-abcde", UID: "f00d", Container: "tributary"})
	own.Write(testkit.Line{Time: at, Text: "tributary's own line"})
}

func TestExampleKubernetesToLoki(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{})
	c := testkit.NewCollector(t, "examples/kubernetes-to-loki.yaml").Set("TRIBUTARY_LOKI_URL=" + loki.URL()).NoMetrics()
	writePod(t, c, recent, "stdout", "first", long)
	p := c.Start(t)
	got := loki.WaitEntries(t, 2, testkit.DeliverTimeout)
	p.Stop(t)
	labels := map[string]string{
		"namespace": shop.Namespace, "pod": shop.Name, "container": shop.Container,
		"instance": shop.Namespace + "/" + shop.Name + ":" + shop.Container, "job": "loki.source.kubernetes.pod_logs",
		"service_name": shop.Container, // Which Loki adds.
	}
	metadata := map[string]string{"k8s_pod_uid": shop.UID, "k8s_container_restart_count": "0", "log_iostream": "stdout"}
	assertEntries(t, []wantEntry{
		{line: "first", labels: labels, metadata: metadata, time: recent},
		{line: long, labels: labels, metadata: metadata, time: recent.Add(time.Second)},
	}, got)
}

func TestExampleKubernetesLevelToLoki(t *testing.T) {
	api := kubeapi.Start(t, kubeapi.NewPod(shop.Namespace, shop.Name, shop.UID, "node-a",
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"), kubeapi.WithContainers(shop.Container)))
	loki := lokifake.Start(t, lokifake.Options{})
	c := testkit.NewCollector(t, "examples/kubernetes-level-to-loki.yaml").NoMetrics().Set("TRIBUTARY_LOKI_URL="+loki.URL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	p := c.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	writePod(t, c, recent, "stderr", `{"level":"warn","msg":"disk"}`, `time=12:00 level=error msg="no"`, "[ERROR] bracket",
		"2026-11-21 03:00:00 WARN low", "compiled with 0 errors", "an Error in prose")
	got := loki.WaitEntries(t, 6, testkit.DeliverTimeout)
	p.Stop(t)

	entry := func(n int, line, level string) wantEntry {
		labels := map[string]string{
			"cluster": "rancher-custom", "namespace": "shop", "container": "main", "job": "shop/main",
			"service_name": "main", "service_namespace": "shop",
		}
		metadata := inLoki("k8s_node_name=node-a", "k8s_deployment_name=web", "log_iostream=stderr")
		if level != "" {
			labels["level"] = level
			metadata["detected_level"] = level
		}
		return wantEntry{line, labels, metadata, recent.Add(time.Duration(n) * time.Second)}
	}
	assertEntries(t, []wantEntry{
		entry(0, `{"level":"warn","msg":"disk"}`, "warn"),
		entry(1, `time=12:00 level=error msg="no"`, "error"),
		entry(2, "[ERROR] bracket", "error"),
		entry(3, "2026-11-21 03:00:00 WARN low", "warn"),
		entry(4, "compiled with 0 errors", ""),
		entry(5, "an Error in prose", ""),
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
	writePod(t, c, at, "stdout", "[WARN] slow", long)
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
	loki := lokifake.Start(t, lokifake.Options{})
	c := testkit.NewCollector(t, "examples/kubernetes-to-grafana-cloud.yaml").NoMetrics().Set(
		"TRIBUTARY_GRAFANA_CLOUD_LOKI_URL="+loki.PushURL(),
		"TRIBUTARY_GRAFANA_CLOUD_USER_FILE="+secretFile(t, "123"), "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE="+secretFile(t, "t0ken"),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	p := c.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	writePod(t, c, recent, "stdout", "first")
	got := loki.WaitEntries(t, 1, testkit.DeliverTimeout)
	p.Stop(t)

	assertEntries(t, []wantEntry{{
		line: "first",
		labels: map[string]string{
			"app_kubernetes_io_name": "web", "cluster": "my-cluster", "container": "main", "deployment_environment_name": "prod",
			"job": "shop/main", "k8s_cluster_name": "my-cluster", "namespace": "shop", "service_name": "web",
			"service_namespace": "shop",
		},
		metadata: map[string]string{
			"pod": shop.Name, "service_instance_id": "shop." + shop.Name + ".main", "k8s_node_name": "node-a", "log_iostream": "stdout",
		},
		time: recent,
	}}, got)
	assert.Equal(t, []string{"Basic MTIzOnQwa2Vu"}, loki.Requests()[0].Header["Authorization"])
}

func TestExampleJournalToLoki(t *testing.T) {
	j := testkit.StartJournald(t)
	j.NeedUnits()
	loki := lokifake.Start(t, lokifake.Options{})
	c := testkit.NewCollector(t, "examples/journal-to-loki.yaml").NoMetrics().Set("TRIBUTARY_LOKI_URL="+loki.URL(),
		"TRIBUTARY_LOKI_PASSWORD_FILE="+secretFile(t, "s3cret"), "TRIBUTARY_JOURNAL="+j.Dir())
	testkit.Eventually(t, testkit.DeliverTimeout, "journald to take the unit", func() bool {
		j.Print("my-web", "my-web.service", "GET /")
		return j.Export("_SYSTEMD_UNIT=my-web.service") != ""
	})
	j.Print("cron", "cron.service", "no web service")
	p := c.Start(t)
	first := loki.WaitEntries(t, 1, testkit.DeliverTimeout)
	p.Stop(t)

	host, err := os.Hostname()
	require.NoError(t, err)
	got := first[0]
	assert.Equal(t, "GET /", got.Line)
	assert.Equal(t, map[string]string{"job": "loki.source.journal.web", "label": "test", "instance": host, "service_name": "my-web"}, got.Labels)
	assert.Contains(t, got.Metadata, lokifake.Pair{Name: "journald_transport", Value: "stdout"})
	assert.Contains(t, got.Metadata, lokifake.Pair{Name: "journald_systemd_unit", Value: "my-web.service"})
	assert.Equal(t, []string{"Basic bG9raTpzM2NyZXQ="}, loki.Requests()[0].Header["Authorization"])
}

func TestExampleLinuxHostToLoki(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{})
	c := testkit.NewCollector(t, "examples/linux-host-to-loki.yaml").NoMetrics().Set("TRIBUTARY_LOKI_URL="+loki.URL(),
		"TRIBUTARY_LOKI_PASSWORD_FILE="+secretFile(t, "s3cret"))
	require.NoError(t, os.MkdirAll(c.Env["TRIBUTARY_LOGS"], 0o750))
	stamp := func(seconds int, layout string) string {
		return recent.Add(time.Duration(seconds) * time.Second).Format(layout)
	}
	require.NoError(t, os.WriteFile(filepath.Join(c.Env["TRIBUTARY_LOGS"], "syslog"), []byte(
		stamp(0, "2006-01-02T15:04:05.000000-07:00")+" alpha my-web[42]: GET /\n"+
			stamp(1, time.RFC3339)+" alpha cron[7]: not a web service\n"+
			"no syslog line\n"+
			stamp(2, time.RFC3339)+" alpha webhook: no pid\n"), 0o600))
	p := c.Start(t)
	got := loki.WaitEntries(t, 2, testkit.DeliverTimeout)
	p.Stop(t)
	labels := func(service string) map[string]string {
		return map[string]string{"job": "loki.source.journal.web", "label": "test", "instance": "alpha", "service_name": service}
	}
	assertEntries(t, []wantEntry{
		{line: "GET /", labels: labels("my-web"), metadata: map[string]string{"process_pid": "42"}, time: recent.Truncate(time.Microsecond)},
		{line: "no pid", labels: labels("webhook"), metadata: map[string]string{}, time: recent.Truncate(time.Second).Add(2 * time.Second)},
	}, got)
	assert.Equal(t, []string{"Basic bG9raTpzM2NyZXQ="}, loki.Requests()[0].Header["Authorization"])
}
