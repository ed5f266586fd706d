// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// The lines that docs/queries.md asks for, and twenty errors for the alerts.
var sample = append([]string{
	`{"level":"error","status":500,"msg":"checkout failed","duration_ms":1200}`,
	`{"level":"info","status":200,"msg":"checkout","duration_ms":35}`,
	`level=warn status=404 path=/cart`,
	`[ERROR] timeout after 30s`,
	`GET /health 200`,
	`panic: assignment to entry in nil map`,
}, many(20, "[ERROR] payment %d refused")...)

func many(count int, format string) []string {
	var texts []string
	for i := range count {
		texts = append(texts, fmt.Sprintf(format, i))
	}
	return texts
}

// ship starts the built binary as on the node of the pods that docs/queries.md has, with the sample in a log file.
func ship(t *testing.T, backend string, variables ...string) {
	t.Helper()
	web := kubeapi.NewPod("shop", "web-7d4b9c6f5d-x2x4z", "b1", "node-a", kubeapi.WithContainers("app"),
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"), kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "web"}))
	system := kubeapi.NewPod("kube-system", "dns-0", "b2", "node-a", kubeapi.WithContainers("dns"))
	api := kubeapi.Start(t, []runtime.Object{web, system}...)
	collector := testkit.NewCollector(t, "kubernetes.yaml", "backends/"+backend+".yaml")
	collector.Set("TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a", "OTEL_RESOURCE_ATTRIBUTES=k8s.cluster.name=north").Set(variables...)
	write := func(pod *corev1.Pod, texts ...string) {
		log := testkit.OpenPod(t, collector.PodLogs(), testkit.Pod{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Container: pod.Spec.Containers[0].Name})
		now := time.Now()
		for i, text := range texts {
			// Within the last minute, each with a time of its own.
			log.Write(testkit.Line{Time: now.Add(time.Duration(i-len(texts)) * time.Second), Stream: "stderr", Text: text})
		}
	}
	write(web, sample...)
	write(system, "ready", "zone reloaded")
	collector.Start(t)
}

// shippedLines is how many lines that are.
var shippedLines = len(sample) + 2
