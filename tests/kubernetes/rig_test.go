// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// The two configurations that are shipped for Kubernetes.
const (
	ours     = "kubernetes.yaml"
	upstream = "kubernetes-k8s-attributes.yaml"
)

// nodeName is the node that the collector runs on.
const nodeName = "node-a"

// rig is a cluster and the collector of one of its nodes, with a token that allows what the configuration needs.
type rig struct {
	cluster   *Cluster
	account   *Account
	collector *testkit.Collector
	backend   *testkit.Backend
	process   *testkit.Process
}

// newRig starts everything but the collector. Its account may read pods.
func newRig(t *testing.T, configs ...string) *rig {
	r := &rig{cluster: StartCluster(t), backend: testkit.StartBackend(t)}
	r.cluster.NewNamespace(t, "tributary", nil)
	r.cluster.NewNamespace(t, "shop", map[string]string{"team": "red"})
	r.account = r.cluster.NewAccount(t, "tributary", "collector", Reads("", "pods"))
	r.configure(t, configs...)
	return r
}

// configure gives the next collector its configuration, and a log folder and a state of its own.
func (r *rig) configure(t *testing.T, configs ...string) {
	r.collector = testkit.NewCollector(t, append(configs, "backends/otlp.yaml")...).Set("TRIBUTARY_OTLP_URL="+r.backend.HTTPURL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+r.account.Kubeconfig(t), "TRIBUTARY_NODE_NAME="+nodeName)
	// A folder that is not there is looked for each second.
	require.NoError(t, os.MkdirAll(r.collector.PodLogs(), 0o755))
}

// start starts the collector; the test ends it.
func (r *rig) start(t *testing.T) { r.process = r.collector.Start(t) }

// stop ends it as an operator would.
func (r *rig) stop(t *testing.T) { r.process.Stop(t) }

// web is a pod of a Deployment that has one container and says something about itself.
func web(name string) *corev1.Pod {
	return kubeapi.NewPod("shop", "web-7d4b9c6f5d-"+name, "", nodeName,
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "shop-web"}),
		kubeapi.WithAnnotations(map[string]string{"resource.opentelemetry.io/service.version": "1.2.3"}),
		kubeapi.WithContainers("main"))
}

// logOf opens the log file of the only container of a pod.
func (r *rig) logOf(t *testing.T, pod *corev1.Pod) *testkit.LogWriter {
	return testkit.OpenPod(t, r.collector.PodLogs(), testkit.Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Container: pod.Spec.Containers[0].Name,
	})
}

// fromPath is what the path of a log file says.
func fromPath(pod *corev1.Pod) map[string]any {
	return map[string]any{
		"k8s.namespace.name": pod.Namespace, "k8s.pod.name": pod.Name, "k8s.pod.uid": string(pod.UID),
		"k8s.container.name": pod.Spec.Containers[0].Name, "k8s.container.restart_count": "0",
	}
}

// full is what the API server says of a pod that web made.
func full(pod *corev1.Pod) map[string]any {
	return with(fromPath(pod), map[string]any{
		"k8s.node.name": nodeName, "k8s.deployment.name": "web", "app.kubernetes.io/name": "shop-web", "service.name": "shop-web",
		"service.namespace": "shop", "service.version": "1.2.3",
		"service.instance.id": fmt.Sprintf("%s.%s.%s", pod.Namespace, pod.Name, pod.Spec.Containers[0].Name),
	})
}

func with(attributes, more map[string]any) map[string]any {
	for name, value := range more {
		attributes[name] = value
	}
	return attributes
}

// send writes a line into a log, waits until it is delivered, and returns the attributes of its resource and how long it took.
func (r *rig) send(t *testing.T, w *testkit.LogWriter, text string) (map[string]any, time.Duration) {
	t.Helper()
	written := time.Now()
	w.Write(testkit.Line{Text: text})
	var resource map[string]any
	r.backend.WaitFor(t, testkit.DeliverTimeout, text, func(got []testkit.Record) bool {
		for _, record := range got {
			if record.Body == text {
				resource = record.Resource
			}
		}
		return resource != nil
	})
	return resource, time.Since(written)
}

// sendUntil sends lines until one has the attributes of want, within timeout, and fails when one has others than want or
// before.
func (r *rig) sendUntil(t *testing.T, w *testkit.LogWriter, timeout time.Duration, before, want map[string]any) {
	t.Helper()
	start := time.Now()
	for i := 0; ; i++ {
		got, _ := r.send(t, w, fmt.Sprintf("%s: %s %d", t.Name(), filepath.Base(filepath.Dir(filepath.Dir(w.Path()))), i))
		if len(got) == len(want) {
			require.Equal(t, want, got)
			t.Logf("metadata came after %s", time.Since(start))
			return
		}
		require.Equal(t, before, got)
		require.Less(t, time.Since(start), timeout, "no metadata: %v", got)
	}
}

// extra writes a further configuration file.
func extra(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "extra.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
