// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// The built binary with the configurations that are shipped, from the files of a node to the queries of a dashboard.

const node = "node-a"

// shipping is a collector that sends to a Loki of its own.
type shipping struct {
	*testkit.Collector
	loki  *Loki
	begin time.Time
}

// ship makes a collector of shipped files. Variables say where the Loki is: "TRIBUTARY_LOKI_URL=%s" is its URL.
func ship(t *testing.T, variable string, configs ...string) *shipping {
	t.Helper()
	s := &shipping{loki: StartLoki(t, Options{}), Collector: testkit.NewCollector(t, configs...).NoMetrics(), begin: time.Now().Add(-5 * time.Minute)}
	s.Set(fmt.Sprintf(variable, s.loki.URL()))
	return s
}

// of gives the collector an API server that knows the pods, and starts it.
func (s *shipping) of(t *testing.T, pods ...*corev1.Pod) *testkit.Process {
	t.Helper()
	objects := make([]runtime.Object, len(pods))
	for i := range pods {
		objects[i] = pods[i]
	}
	api := kubeapi.Start(t, objects...)
	s.Set("TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME="+node)
	p := s.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	return p
}

// log writes lines of the first container of a pod, a second apart.
func (s *shipping) log(t *testing.T, pod *corev1.Pod, texts ...string) {
	t.Helper()
	w := testkit.OpenPod(t, s.PodLogs(), testkit.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Container: pod.Spec.Containers[0].Name})
	for i, text := range texts {
		w.Write(testkit.Line{Time: s.begin.Add(time.Duration(i) * time.Second), Stream: "stderr", Text: text})
	}
}

// arrived waits for so many lines and returns the labels of their streams.
func (s *shipping) arrived(t *testing.T, count int) []labels {
	t.Helper()
	s.loki.WaitEntries(t, "", ofCollector, AtLeast(count))
	return s.loki.Series(t, "", ofCollector)
}

// ofCollector selects every stream but that of the harness.
const ofCollector = `{service_name=~".+", readiness=""}`

// secret writes a credential where an example wants a file.
func secret(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("s3cret"), 0o600))
	return file
}

// Exactly the labels of Grafana's k8s-monitoring chart, whatever else a pod has.
func TestProductKubernetesToGrafanaCloud(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_GRAFANA_CLOUD_LOKI_URL=%s/loki/api/v1/push", "examples/kubernetes-to-grafana-cloud.yaml")
	s.Set("TRIBUTARY_GRAFANA_CLOUD_USER_FILE="+secret(t), "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE="+secret(t))
	rich := kubeapi.NewPod("shop", "web-7d4b9c6f5d-x2x4z", "b1", node, kubeapi.WithContainers("app"), kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
		kubeapi.WithLabels(labels{"app.kubernetes.io/name": "web", "app.kubernetes.io/version": "1.2", "app.kubernetes.io/instance": "web-prod", "helm.sh/chart": "web-3", "team": "blue", "pod-template-hash": "7d4b9c6f5d"}),
		kubeapi.WithAnnotations(labels{"resource.opentelemetry.io/deployment.environment.name": "prod", "resource.opentelemetry.io/unlisted": "x", "checksum/config": "abc", "prometheus.io/scrape": "true"}))
	plain := kubeapi.NewPod("shop", "bare", "b2", node, kubeapi.WithContainers("app"))
	named := kubeapi.NewPod("bank", "ledger-0", "b3", node, kubeapi.WithContainers("db"), kubeapi.WithOwner("StatefulSet", "ledger", "ss-1"),
		kubeapi.WithAnnotations(labels{"resource.opentelemetry.io/service.name": "ledger", "resource.opentelemetry.io/service.namespace": "money",
			"resource.opentelemetry.io/service.instance.id": "ledger-zero", "k8s.grafana.com/logs.job": "integrations/ledger"}))
	s.of(t, rich, plain, named)
	s.log(t, rich, `{"level":"warn","msg":"disk x"}`, "y")
	s.log(t, plain, "error: x")
	s.log(t, named, "z")

	assert.ElementsMatch(t, []labels{{
		"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "web", "service_namespace": "shop", "app_kubernetes_io_name": "web",
		"deployment_environment_name": "prod", "cluster": "my-cluster", "k8s_cluster_name": "my-cluster",
	}, {
		"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "app", "service_namespace": "shop", "cluster": "my-cluster", "k8s_cluster_name": "my-cluster",
	}, {
		"namespace": "bank", "container": "db", "job": "integrations/ledger", "service_name": "ledger", "service_namespace": "money", "cluster": "my-cluster", "k8s_cluster_name": "my-cluster",
	}}, s.arrived(t, 4))

	metadata := func(logql string) labels {
		entries := s.loki.Query(t, "", logql)
		require.Len(t, entries, 1, logql)
		return entries[0].Metadata
	}
	assert.Equal(t, labels{"pod": "web-7d4b9c6f5d-x2x4z", "service_instance_id": "shop.web-7d4b9c6f5d-x2x4z.app", "k8s_node_name": node, "k8s_deployment_name": "web",
		"log_iostream": "stderr", "detected_level": "unknown"}, metadata(`{service_name="web"} |= "y"`))
	assert.Equal(t, labels{"pod": "ledger-0", "service_instance_id": "ledger-zero", "k8s_node_name": node, "k8s_statefulset_name": "ledger",
		"log_iostream": "stderr", "detected_level": "unknown"}, metadata(`{service_name="ledger"}`))

	// What dashboards and alerts ask.
	for logql, want := range map[string][]string{
		`{namespace="shop"} |= "x"`:                                         {`{"level":"warn","msg":"disk x"}`, "error: x"},
		`{job="shop/app"}`:                                                  {`{"level":"warn","msg":"disk x"}`, "error: x", "y"},
		`{cluster="my-cluster", namespace="bank"}`:                          {"z"},
		`{namespace=~".+"} | pod="bare"`:                                    {"error: x"},
		`{namespace="shop", container="app"} | pod=~"web-.*" |= "y"`:        {"y"},
		`{cluster="my-cluster"} | detected_level="warn"`:                    {`{"level":"warn","msg":"disk x"}`},
		`{job="shop/app"} | detected_level=~"error|fatal"`:                  {"error: x"},
		`{app_kubernetes_io_name="web"} | json | level="warn"`:              {`{"level":"warn","msg":"disk x"}`},
		`{deployment_environment_name="prod", service_name="web"} != "msg"`: {"y"},
	} {
		assert.ElementsMatch(t, want, lines(s.loki.Query(t, "", logql)), logql)
	}
	assert.Equal(t, map[string]float64{"warn": 1, "error": 1, "unknown": 1}, s.loki.Count(t, "", "detected_level", `sum by (detected_level) (count_over_time({namespace="shop"}[1h]))`))
	assert.Equal(t, map[string]float64{"shop/app": 3, "integrations/ledger": 1}, s.loki.Count(t, "", "job", `sum by (job) (count_over_time({cluster="my-cluster"}[1h]))`))
}

func TestProductKubernetesToLoki(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_LOKI_URL=%s", "examples/kubernetes-to-loki.yaml")
	web := kubeapi.NewPod("shop", "web-0", "b1", node, kubeapi.WithContainers("app"))
	db := kubeapi.NewPod("shop", "db-0", "b2", node, kubeapi.WithContainers("db"))
	s.log(t, web, "x", "y")
	s.log(t, db, "z")
	s.Start(t)
	want := func(pod, container string) labels {
		return labels{"namespace": "shop", "pod": pod, "container": container, "instance": "shop/" + pod + ":" + container,
			"job": "loki.source.kubernetes.pod_logs", "service_name": container}
	}
	assert.ElementsMatch(t, []labels{want("web-0", "app"), want("db-0", "db")}, s.arrived(t, 3))
	assert.Equal(t, []string{"y"}, lines(s.loki.Query(t, "", `{namespace="shop", pod="web-0"} |= "y"`)))
}

func TestProductKubernetesLevelToLoki(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_LOKI_URL=%s", "examples/kubernetes-level-to-loki.yaml")
	web := kubeapi.NewPod("shop", "web-7d4b9c6f5d-x2x4z", "b1", node, kubeapi.WithContainers("app"), kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"))
	s.of(t, web)
	s.log(t, web, `{"level":"warn","msg":"disk"}`, "[ERROR] a", "level=error b", "0 errors", "plain")
	want := func(level string) labels {
		l := labels{"cluster": "rancher-custom", "namespace": "shop", "container": "app", "job": "shop/app", "service_name": "app", "service_namespace": "shop"}
		if level != "" {
			l["level"] = level
		}
		return l
	}
	assert.ElementsMatch(t, []labels{want("warn"), want("error"), want("")}, s.arrived(t, 5))
	assert.Equal(t, map[string]float64{"warn": 1, "error": 2, "": 2}, s.loki.Count(t, "", "level", `sum by (level) (count_over_time({cluster="rancher-custom"}[1h]))`))
	assert.Equal(t, []string{"[ERROR] a", "level=error b"}, lines(s.loki.Query(t, "", `{namespace="shop"} | detected_level="error"`)))
}

func TestProductLinuxHostToLoki(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_LOKI_URL=%s", "examples/linux-host-to-loki.yaml").withLog(t,
		"alpha my-web[42]: GET /", "alpha cron[7]: no web service", "alpha webhook: no pid")
	s.Set("TRIBUTARY_LOKI_PASSWORD_FILE=" + secret(t))
	s.Start(t)
	want := func(service string) labels {
		return labels{"job": "loki.source.journal.web", "label": "test", "instance": "alpha", "service_name": service}
	}
	assert.ElementsMatch(t, []labels{want("my-web"), want("webhook")}, s.arrived(t, 2))
	assert.Equal(t, []string{"GET /"}, lines(s.loki.Query(t, "", `{job="loki.source.journal.web"} | process_pid="42"`)))
}

// withLog writes a syslog file.
func (s *shipping) withLog(t *testing.T, texts ...string) *shipping {
	t.Helper()
	require.NoError(t, os.MkdirAll(s.Env["TRIBUTARY_LOGS"], 0o750))
	var all []byte
	for i, text := range texts {
		all = fmt.Appendf(all, "%s %s\n", s.begin.Add(time.Duration(i)*time.Second).Format(time.RFC3339), text)
	}
	require.NoError(t, os.WriteFile(filepath.Join(s.Env["TRIBUTARY_LOGS"], "syslog"), all, 0o600))
	return s
}

func TestProductKubernetesWithTheBackendLoki(t *testing.T) {
	t.Parallel()
	web := kubeapi.NewPod("shop", "web-7d4b9c6f5d-x2x4z", "b1", node, kubeapi.WithContainers("app"), kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
		kubeapi.WithLabels(labels{"app.kubernetes.io/name": "web", "team": "blue"}),
		kubeapi.WithAnnotations(labels{"resource.opentelemetry.io/deployment.environment.name": "prod"}))
	for _, c := range []struct {
		profile string
		want    labels
	}{
		{"alloy", labels{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "web", "service_namespace": "shop", "app_kubernetes_io_name": "web",
			"deployment_environment_name": "prod", "cluster": "north", "k8s_cluster_name": "north"}},
		{"otel", labels{"service_name": "web", "service_namespace": "shop", "service_instance_id": "shop.web-7d4b9c6f5d-x2x4z.app", "k8s_namespace_name": "shop",
			"k8s_pod_name": "web-7d4b9c6f5d-x2x4z", "k8s_container_name": "app", "k8s_deployment_name": "web", "k8s_cluster_name": "north", "deployment_environment_name": "prod"}},
	} {
		t.Run(c.profile, func(t *testing.T) {
			t.Parallel()
			s := ship(t, "TRIBUTARY_LOKI_URL=%s", "kubernetes.yaml", "backends/loki.yaml")
			s.Set("OTEL_RESOURCE_ATTRIBUTES=k8s.cluster.name=north", "TRIBUTARY_LOKI_LABELS="+c.profile)
			s.of(t, web)
			s.log(t, web, "[ERROR] x", "plain")
			assert.Equal(t, []labels{c.want}, s.arrived(t, 2))
			assert.Equal(t, []string{"[ERROR] x"}, lines(s.loki.Query(t, "", `{service_name="web"} | detected_level="error"`)))
		})
	}
}

func TestProductHostWithTheBackendLoki(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_LOKI_URL=%s", "host.yaml", "backends/loki.yaml").withLog(t, "alpha my-web[42]: GET /")
	s.Set("OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=prod")
	s.Start(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, []labels{{"filename": filepath.Join(s.Env["TRIBUTARY_LOGS"], "syslog"), "instance": host, "deployment_environment_name": "prod",
		"service_name": "unknown_service"}}, s.arrived(t, 1))
}

// Of what a node has logged nothing is lost over an outage of Loki, and nothing is there twice.
func TestProductOverAnOutage(t *testing.T) {
	t.Parallel()
	s := ship(t, "TRIBUTARY_LOKI_URL=%s", "kubernetes.yaml", "backends/loki.yaml")
	pod := kubeapi.NewPod("shop", "web-0", "b1", node, kubeapi.WithContainers("app"))
	p := s.of(t, pod)
	w := testkit.OpenPod(t, s.PodLogs(), testkit.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Container: "app"})
	var want []string
	write := func() {
		for range 1000 {
			want = append(want, fmt.Sprintf("line %06d", len(want)))
			w.Write(testkit.Line{Text: want[len(want)-1]})
		}
	}
	write()
	s.loki.WaitEntries(t, "", ofCollector, AtLeast(1))
	s.loki.Kill(t)
	write()
	p.WaitOutput(t, "Loki does not take the logs", testkit.DeliverTimeout)
	s.loki.Restart(t)
	write()
	assert.Equal(t, want, lines(s.loki.WaitEntries(t, "", ofCollector, AtLeast(len(want)))))
	p.Stop(t)
}
