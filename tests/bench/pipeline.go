// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// pipeline is one way from the log files to the sink. Its value names it in the results.
type pipeline string

const (
	stock     pipeline = "stock"
	tributary pipeline = "tributary"
	toLoki    pipeline = "tributary-loki"
	// pathOnly is tributary without k8s_pods: what is known of a pod is in its path.
	pathOnly pipeline = "tributary-path"
	// To a tier, one hop before the sink: by backends/gateway.yaml, by load-balancing.yaml, and by otlp.yaml.
	viaGateway pipeline = "tributary-gateway"
	balanced   pipeline = "tributary-load-balancing"
	viaHTTP    pipeline = "tributary-gateway-http"
	// byService is balanced with batches that are split by service.
	byService pipeline = "tributary-load-balancing-service"
	toKafka   pipeline = "tributary-kafka"
)

// backends are the files of those that do not send by otlp.yaml.
var backends = map[pipeline]string{
	toLoki: "loki", viaGateway: "gateway", balanced: "load-balancing", byService: "load-balancing", toKafka: "kafka",
}

const node = "node-a"

// labels is the list of Grafana's k8s-monitoring chart, with the pod.
var labels = []string{"app_kubernetes_io_name", "container", "job", "k8s_deployment_name", "namespace", "pod", "service_name"}

// apiPod is what the API server has of the pod that writes the file of this number.
func apiPod(file int) *corev1.Pod {
	pod := podOf(file)
	return kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, node,
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": fmt.Sprintf("app-%02d", file%20)}))
}

// collector makes a collector with an empty folder for pod logs, and an API server that knows the pods of so many files; the
// stock pipeline asks none.
func (p pipeline) collector(t testing.TB, to *sink, files int) (*testkit.Collector, *kubeapi.Server) {
	t.Helper()
	if p == stock {
		c := testkit.NewCollector(t, filepath.Join(testkit.Root(), "tests", "bench", "testdata", "stock.yaml"))
		return p.overlay(t, c).Set("TRIBUTARY_OTLP_URL=" + to.URL()).Set(collectorEnv()...), nil
	}
	backend := "backends/" + cmp.Or(backends[p], "otlp") + ".yaml"
	var pods []runtime.Object
	for file := range files {
		pods = append(pods, apiPod(file))
	}
	api := kubeapi.Start(t, pods...)
	c := testkit.NewCollector(t, "kubernetes.yaml", backend)
	return p.overlay(t, c).Set(
		"TRIBUTARY_OTLP_URL="+to.URL(), "TRIBUTARY_LOKI_URL="+to.URL(), "TRIBUTARY_NODE_NAME="+node,
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t)).Set(collectorEnv()...), api
}

// overlay adds a configuration file with what is measured but not shipped: label_keep, and pprof for profiles.
func (p pipeline) overlay(t testing.TB, c *testkit.Collector) *testkit.Collector {
	t.Helper()
	// A later file replaces lists, so it repeats those of the files before it.
	extensions, processors := shippedLists(t, c.Configs)
	service, file := map[string]any{}, map[string]any{}
	file["service"] = service
	if p == pathOnly {
		file["receivers"] = map[string]any{"pod_logs": map[string]any{"metadata": nil}}
	}
	if p != stock {
		file["processors"] = map[string]any{"label_keep": map[string]any{"values": labels}}
		service["pipelines"] = map[string]any{"logs/out": map[string]any{"processors": append(processors, "label_keep")}}
	}
	if folder := p.profiles(t); folder != "" {
		c.Set(fmt.Sprintf("%s=127.0.0.1:%d", pprofVariable, testkit.FreePort(t)))
		file["extensions"] = map[string]any{"pprof": map[string]any{
			"endpoint": "${env:" + pprofVariable + "}", "save_to_file": filepath.Join(folder, "cpu.pprof"),
		}}
		service["extensions"] = append(extensions, "pprof")
	}
	if len(service) == 0 {
		return c
	}
	raw, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "overlay.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Configs = append(c.Configs, path)
	return c
}

// shippedLists are the lists that an overlay would replace, as the last file that has them says.
func shippedLists(t testing.TB, configs []string) (extensions, processors []string) {
	t.Helper()
	for _, path := range configs {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Service struct {
				Extensions []string
				Pipelines  map[string]struct{ Processors []string }
			}
		}
		if err := yaml.Unmarshal(raw, &file); err != nil {
			t.Fatalf("read %s: %v", path, err)
		}
		if file.Service.Extensions != nil {
			extensions = file.Service.Extensions
		}
		if out := file.Service.Pipelines["logs/out"]; out.Processors != nil {
			processors = out.Processors
		}
	}
	return extensions, processors
}
