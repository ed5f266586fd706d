// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const nodeName = "node-a"

// rig is a cluster, and a node of it on which the rendered DaemonSet runs.
type rig struct {
	*server

	backend *testkit.Backend
	front   *front
	// all are the objects that are applied; daemon is the DaemonSet among them, agent its container.
	all       []*unstructured.Unstructured
	daemon    *Workload
	agent     *corev1.Container
	variables map[string]string
	node      Node
	process   *testkit.Process
}

// newRig applies a combination, with the address of a backend that speaks OTLP, and starts nothing.
func newRig(t *testing.T, s *server, c Combination) *rig {
	t.Helper()
	r := &rig{server: s, backend: testkit.StartBackend(t)}
	c.Literals = append(c.Literals, "TRIBUTARY_OTLP_URL="+r.backend.HTTPURL())
	r.all = objects(t, c)
	s.makeNamespaces(t, r.all)
	s.applyAll(t, r.all)
	for _, w := range workloads(t, c) {
		if w.Kind == "DaemonSet" {
			r.daemon, r.agent = w, &w.Template.Spec.Containers[0]
		}
	}
	r.front = startFront(t, s)
	host, port, err := net.SplitHostPort(r.front.server.Listener.Addr().String())
	require.NoError(t, err)
	r.node = Node{
		Fields: maps.Clone(onNode),
		HostPaths: map[string]string{
			"/var/log/pods": t.TempDir(), "/var/lib/tributary": t.TempDir(),
		},
		Variables: map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "HOSTNAME": "tributary-abcde"},
		Account:   t.TempDir(),
	}
	r.node.Fields["spec.nodeName"] = nodeName
	for file, content := range map[string]string{
		"token":     s.token(t, "tributary", r.daemon.Template.Spec.ServiceAccountName),
		"ca.crt":    r.front.authority(),
		"namespace": "tributary",
	} {
		path := filepath.Join(r.node.Account, file)
		// As a kubelet does, for the user of the container.
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chmod(path, 0o644))
	}
	for _, folder := range []string{r.node.Account, r.node.HostPaths["/var/log/pods"]} {
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	r.at(t, loopback(t))
	return r
}

// at gives the pod an address.
func (r *rig) at(t *testing.T, ip string) {
	t.Helper()
	r.node.Fields["status.podIP"] = ip
	var err error
	r.variables, err = r.daemon.Variables(r.agent, r.all, r.node.Fields)
	require.NoError(t, err)
}

// start runs the containers that come first to their end, and then the collector until it is ready.
func (r *rig) start(t *testing.T) {
	t.Helper()
	for i := range r.daemon.Template.Spec.InitContainers {
		first := testkit.Start(t, r.daemon.Options(t, &r.daemon.Template.Spec.InitContainers[i], nil, r.node))
		code, _ := first.Wait(t, testkit.StartTimeout)
		require.Zero(t, code, first.Stderr())
	}
	r.process = testkit.Start(t, r.daemon.Options(t, r.agent, r.variables, r.node))
	r.process.WaitReady(t, testkit.StartTimeout)
	require.Equal(t, http.StatusOK, r.probe(t, r.agent.StartupProbe), "the startup probe")
}

// probe asks as a kubelet would, and returns the status.
func (r *rig) probe(t *testing.T, probe *corev1.Probe) int {
	t.Helper()
	status, _ := r.answer(t, probe)
	return status
}

func (r *rig) answer(t *testing.T, probe *corev1.Probe) (int, string) {
	t.Helper()
	for _, port := range r.agent.Ports {
		if port.Name != probe.HTTPGet.Port.StrVal {
			continue
		}
		address := net.JoinHostPort(r.node.Fields["status.podIP"], fmt.Sprint(port.ContainerPort))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+probe.HTTPGet.Path+"?verbose", nil)
		require.NoError(t, err)
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	t.Fatalf("the container has no port %s", probe.HTTPGet.Port.StrVal)
	return 0, ""
}

// newPod creates a pod of a Deployment in the namespace shop, with its status.
func (r *rig) newPod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	return r.NewPod(t, kubeapi.NewPod("shop", "web-7d4b9c6f5d-"+name, "", nodeName,
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "shop-web"}),
		kubeapi.WithContainers("main")))
}

// relabel gives a pod another name of its application.
func (r *rig) relabel(t *testing.T, pod *corev1.Pod, name string) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]string{"app.kubernetes.io/name": name}}})
	require.NoError(t, err)
	_, err = r.Admin.CoreV1().Pods(pod.Namespace).Patch(t.Context(), pod.Name, "application/merge-patch+json", patch, metav1.PatchOptions{})
	require.NoError(t, err)
}

// logOf opens the log of the only container of a pod.
func (r *rig) logOf(t *testing.T, pod *corev1.Pod) *testkit.LogWriter {
	t.Helper()
	return testkit.OpenPod(t, r.node.HostPaths["/var/log/pods"], testkit.Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Container: "main",
	})
}

// send writes a line, waits until it is delivered, and returns the attributes of its resource.
func (r *rig) send(t *testing.T, w *testkit.LogWriter, text string) map[string]any {
	t.Helper()
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
	return resource
}

// fromPath is what the path of a pod's log says.
func fromPath(pod *corev1.Pod) map[string]any {
	return map[string]any{
		"k8s.namespace.name": pod.Namespace, "k8s.pod.name": pod.Name, "k8s.pod.uid": string(pod.UID),
		"k8s.container.name": "main", "k8s.container.restart_count": "0",
	}
}

// full is what the API server says besides.
func full(pod *corev1.Pod, application string) map[string]any {
	attributes := fromPath(pod)
	maps.Copy(attributes, map[string]any{
		"k8s.node.name": nodeName, "k8s.deployment.name": "web", "app.kubernetes.io/name": application, "service.name": application,
		"service.namespace": pod.Namespace, "service.version": "1.0", "service.instance.id": pod.Namespace + "." + pod.Name + ".main",
	})
	return attributes
}

// loopback is an address of this machine that has the ports of the manifest to itself.
func loopback(t *testing.T) string {
	t.Helper()
	var address string
	testkit.Eventually(t, testkit.StartTimeout, "an address whose ports are free", func() bool {
		address = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(255), 1+rand.IntN(254))
		return isFree(t, address)
	})
	return address
}

// isFree says whether nobody has the ports of the manifest at an address, and the machine has the address.
func isFree(t *testing.T, address string) bool {
	t.Helper()
	for _, port := range []string{"8888", "13133", "13134"} {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(address, port))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

// podLog is a pod and the log of its container.
type podLog struct {
	pod *corev1.Pod
	log *testkit.LogWriter
}

func (r *rig) newLog(t *testing.T, name string) *podLog {
	t.Helper()
	pod := r.newPod(t, name)
	return &podLog{pod, r.logOf(t, pod)}
}

// sendUntil sends lines until one has the attributes of want. Those before must have the others.
func (r *rig) sendUntil(t *testing.T, log *testkit.LogWriter, before, want map[string]any) {
	t.Helper()
	n := 0
	testkit.Eventually(t, testkit.DeliverTimeout, "metadata", func() bool {
		n++
		got := r.send(t, log, fmt.Sprintf("%s: %s %d", t.Name(), log.Path(), n))
		if maps.Equal(got, want) {
			return true
		}
		require.Equal(t, before, got)
		return false
	})
}
