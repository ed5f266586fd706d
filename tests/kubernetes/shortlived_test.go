// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// A pod of a Job every 300 ms is 200 a minute. It is deleted when it has ended, and the kubelet removes its folder later.
const (
	shortLived  = 200
	shortPause  = 300 * time.Millisecond
	shortLines  = 5
	shortLife   = 3     // In pauses.
	shortFolder = 3 + 8 // In pauses.
)

// shortPod is a pod that writes its lines as soon as it starts.
type shortPod struct {
	pod    *corev1.Pod
	folder string
	took   time.Duration // From its start to its last line.
}

// Lines that are written by pods that are gone before anybody has looked have everything that lines of others have.
func TestShortLivedPods(t *testing.T) {
	t.Parallel()
	r := newRig(t, ours)
	r.start(t)
	// A CronJob names its Jobs by the minute.
	job := fmt.Sprintf("report-%d", time.Now().Unix()/60)
	var pods []shortPod
	tick := time.NewTicker(shortPause)
	defer tick.Stop()
	for i := range shortLived + shortFolder {
		<-tick.C
		if i < shortLived {
			pods = append(pods, r.startShortLived(t, job, i))
		}
		if n := i - shortLife; n >= 0 && n < shortLived {
			r.cluster.DeletePod(t, pods[n].pod)
		}
		if n := i - shortFolder; n >= 0 && n < shortLived {
			require.NoError(t, os.RemoveAll(pods[n].folder))
		}
	}

	want := map[any]map[string]any{}
	for _, p := range pods {
		for line := range shortLines {
			want[shortLine(p.pod, line)] = fullShort(p.pod, job)
		}
	}
	got := r.backend.WaitRecords(t, len(want), testkit.DeliverTimeout)
	r.stop(t)
	assert.Len(t, r.backend.Records(), len(want), "no line twice")
	wrong := 0
	for _, record := range got {
		if expected, ok := want[record.Body]; assert.True(t, ok, "a line that nobody wrote, or twice: %v", record.Body) {
			delete(want, record.Body)
			if wrong < 5 && !assert.Equal(t, expected, record.Resource, "%v", record.Body) {
				wrong++
			}
		}
	}
	assert.Empty(t, want, "lost lines")
	var slowest time.Duration
	for _, p := range pods {
		slowest = max(slowest, p.took)
	}
	t.Logf("%d pods, the slowest of which took %s for its lines", len(pods), slowest)
}

// startShortLived binds a pod to the node and starts it: its lines are there before the API server hears that it runs.
func (r *rig) startShortLived(t *testing.T, job string, i int) shortPod {
	t.Helper()
	planned := kubeapi.NewPod("shop", fmt.Sprintf("%s-%05d", job, i), "", nodeName,
		kubeapi.WithOwner("Job", job, "job-1"),
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "report"}),
		kubeapi.WithAnnotations(map[string]string{"resource.opentelemetry.io/service.version": "1.2.3"}),
		kubeapi.WithContainers("main"))
	pod := r.cluster.BindPod(t, planned)
	start := time.Now()
	w := r.logOf(t, pod)
	for line := range shortLines {
		w.Write(testkit.Line{Text: shortLine(pod, line)})
	}
	w.Close()
	took := time.Since(start)
	r.cluster.RunPod(t, pod, planned.Status)
	return shortPod{pod: pod, folder: filepath.Dir(filepath.Dir(w.Path())), took: took}
}

func shortLine(pod *corev1.Pod, line int) string { return fmt.Sprintf("line %d of %s", line, pod.Name) }

// fullShort is what the API server says of a short-lived pod.
func fullShort(pod *corev1.Pod, job string) map[string]any {
	return with(fromPath(pod), map[string]any{
		"k8s.node.name": nodeName, "k8s.job.name": job, "k8s.cronjob.name": "report", "app.kubernetes.io/name": "report",
		"service.name": "report", "service.namespace": "shop", "service.version": "1.2.3",
		"service.instance.id": fmt.Sprintf("%s.%s.main", pod.Namespace, pod.Name),
	})
}
