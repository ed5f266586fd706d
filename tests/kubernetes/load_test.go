// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// loadVariable lists how many pods, and as many ReplicaSets, the cluster has in each run: 1000,10000,100000. Without it,
// nothing is measured. 100,000 of each take 8 GB of memory and some minutes.
const loadVariable = "TRIBUTARY_API_LOAD"

// loadTimeout is how long a large cluster may take.
const loadTimeout = 10 * time.Minute

// podsOfNode is how many pods a node has at most, as a kubelet is set up by default.
const podsOfNode = 110

// watcher is a way to know the pods of a node.
type watcher struct {
	name, config, extra string
	// everyNode leaves the name of the node out.
	everyNode bool
	// replicaSets says that it watches those of the whole cluster.
	replicaSets bool
}

var watchers = []watcher{
	{name: "`k8s_pods`", config: ours},
	{name: "`k8s_attributes`", config: upstream},
	{name: "`k8s_attributes` with `k8s.deployment.uid`", config: upstream, replicaSets: true, extra: `processors:
  k8s_attributes:
    extract:
      metadata: [k8s.node.name, k8s.deployment.name, k8s.deployment.uid, service.name]
`},
	{name: "`k8s_attributes` without `filter::node`", config: upstream, everyNode: true},
}

// What a start costs the API server and the node, as rows of the table in docs/operations.md. What the server sends is
// counted as JSON without compression. The fake server is much faster than a real one, so times say nothing.
func TestAPILoad(t *testing.T) {
	sizes := os.Getenv(loadVariable)
	if sizes == "" {
		t.Skipf("takes minutes, and gigabytes for large clusters: set %s=1000,10000", loadVariable)
	}
	t.Logf("a pod is %d bytes of JSON, a ReplicaSet %d", sizeOf(t, ordinaryPod(0, nodeName)), sizeOf(t, ordinaryReplicaSet(0)))
	for size := range strings.SplitSeq(sizes, ",") {
		pods, err := strconv.Atoi(size)
		require.NoError(t, err, "%s must be a list of numbers", loadVariable)
		api := kubeapi.StartTLS(t)
		for i := range pods {
			node := fmt.Sprintf("node-%d", i/podsOfNode)
			if i < podsOfNode {
				node = nodeName
			}
			api.Add(ordinaryPod(i, node))
			api.Add(ordinaryReplicaSet(i))
		}
		for _, w := range watchers {
			t.Logf("| %s | %d | %s |", w.name, pods, measure(t, api, w, pods))
		}
	}
}

// measure starts a collector, waits until it knows everything, and tells what that took.
func measure(t *testing.T, api *kubeapi.Server, w watcher, pods int) string {
	backend := testkit.StartBackend(t)
	configs := []string{w.config}
	if w.extra != "" {
		configs = append(configs, extra(t, w.extra))
	}
	node, expected := nodeName, podsOfNode*sizeOf(t, ordinaryPod(0, nodeName))
	if w.everyNode {
		node, expected = "", pods*sizeOf(t, ordinaryPod(0, nodeName))
	}
	if w.replicaSets {
		expected += pods * sizeOf(t, ordinaryReplicaSet(0).ObjectMeta)
	}
	r := &rig{backend: backend, collector: testkit.NewCollector(t, append(configs, "backends/otlp.yaml")...).Set(
		"TRIBUTARY_OTLP_URL="+backend.HTTPURL(), "TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME="+node)}
	before := len(api.Requests())
	r.start(t)
	asked := func() (requests int, bytes int64) {
		all := api.Requests()[before:]
		for _, request := range all {
			bytes += request.Bytes
		}
		return len(all), bytes
	}
	testkit.Eventually(t, loadTimeout, w.name+" to be sent everything", func() bool {
		_, bytes := asked()
		// In a list, no object says its kind.
		return bytes >= int64(expected)*9/10
	})
	cpu := r.settle(t)
	requests, bytes := asked()
	memory, err := testkit.ReadMemory(r.process.Pid())
	require.NoError(t, err)
	got, _ := r.send(t, r.logOf(t, ordinaryPod(podsOfNode-1, nodeName)), w.name)
	require.Equal(t, "web", got["k8s.deployment.name"])
	watches := api.OpenWatches()
	r.stop(t)
	testkit.Eventually(t, time.Minute, "no watch to be open", func() bool { return api.OpenWatches() == 0 })
	return fmt.Sprintf("%d | %d | %.1f | %.1f | %.0f | %.0f", requests, watches, float64(bytes)/1e6, cpu.Seconds(), memory.Anonymous, memory.HighWater)
}

// settle waits until the collector has nothing to do any more, and returns the CPU time that it took.
func (r *rig) settle(t *testing.T) time.Duration {
	const enough, little = 2 * time.Second, 50 * time.Millisecond
	var used time.Duration
	since := time.Now()
	testkit.Eventually(t, loadTimeout, "the collector to be idle", func() bool {
		now, err := testkit.CPUTime(r.process.Pid())
		require.NoError(t, err)
		if now-used > little {
			used, since = now, time.Now()
		}
		return time.Since(since) > enough
	})
	return used
}

func sizeOf(t *testing.T, object any) int {
	raw, err := json.Marshal(object)
	require.NoError(t, err)
	return len(raw)
}

// ordinaryPod is as large as pods usually are: two containers, one of them with settings, and who manages which field.
func ordinaryPod(i int, node string) *corev1.Pod {
	owner := replicaSetName(i)
	pod := kubeapi.NewPod("shop", fmt.Sprintf("%s-%05d", owner, i), fmt.Sprintf("00000000-0000-0000-0000-%012d", i), node,
		kubeapi.WithOwner("ReplicaSet", owner, uidOfReplicaSet(i)),
		kubeapi.WithLabels(map[string]string{
			"app.kubernetes.io/name": "shop-web", "app.kubernetes.io/instance": "shop", "app.kubernetes.io/version": "1.2.3",
			"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "web-1.2.3",
		}),
		kubeapi.WithAnnotations(map[string]string{"checksum/config": strings.Repeat("0f", 32), "prometheus.io/scrape": "true"}),
		kubeapi.WithContainers("main", "proxy"), kubeapi.WithIP("10.1.2.3"))
	for n := range 20 {
		pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{
			Name: fmt.Sprintf("SETTING_NUMBER_%d", n), Value: "https://service.shop.svc.cluster.local/" + strconv.Itoa(n),
		})
	}
	for _, condition := range []corev1.PodConditionType{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: pod.CreationTimestamp,
		})
	}
	pod.ManagedFields = managedFields(60)
	return pod
}

func ordinaryReplicaSet(i int) *appsv1.ReplicaSet {
	replicaSet := kubeapi.NewReplicaSet("shop", replicaSetName(i), uidOfReplicaSet(i), "web")
	replicaSet.Annotations = map[string]string{
		"deployment.kubernetes.io/desired-replicas": "1", "deployment.kubernetes.io/max-replicas": "2", "deployment.kubernetes.io/revision": "3",
	}
	replicaSet.ManagedFields = managedFields(40)
	return replicaSet
}

// replicaSetName ends in a hash of the letters that a Deployment uses.
func replicaSetName(i int) string {
	hash := strings.Map(func(digit rune) rune { return rune("bcdfghjklm"[digit-'0']) }, fmt.Sprintf("%09d", i))
	return "web-" + hash
}

func uidOfReplicaSet(i int) string { return fmt.Sprintf("11111111-0000-0000-0000-%012d", i) }

// managedFields are of one manager that manages n fields.
func managedFields(n int) []metav1.ManagedFieldsEntry {
	var fields []string
	for i := range n {
		fields = append(fields, fmt.Sprintf(`"f:terminationGracePeriod%d":{}`, i))
	}
	return []metav1.ManagedFieldsEntry{{
		Manager: "kube-controller-manager", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1("{" + strings.Join(fields, ",") + "}"),
	}}
}
