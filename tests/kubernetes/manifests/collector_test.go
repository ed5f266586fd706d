// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// The rendered DaemonSet as a kubelet would start it: its init container, arguments, environment, user, read-only root and
// service account.
func TestTheRenderedDaemonSetDelivers(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.NewNamespace(t, "shop", nil)
	for i, tt := range []struct {
		name string
		Combination
		// first says that the first line of a pod that is new has its metadata already.
		first bool
		// bare says that there is none.
		bare bool
		// ip is the address of the pod; empty is one of IPv4.
		ip string
	}{
		{name: "k8s_pods", Combination: Combination{Folder: "overlays/otlp"}, first: true},
		{name: "k8s_attributes", Combination: Combination{Folder: "overlays/k8s-attributes"}},
		{name: "no metadata", Combination: Combination{Folder: "overlays/otlp", Components: []string{"no-metadata"}}, bare: true},
		{name: "IPv6", Combination: Combination{Folder: "overlays/otlp"}, first: true, ip: "::1"},
		{name: "as root", Combination: Combination{Folder: "overlays/otlp", Components: []string{"run-as-root"}}, first: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, s, tt.Combination)
			if tt.ip != "" {
				if !isFree(t, tt.ip) {
					t.Skipf("the machine has no %s, or somebody has its ports", tt.ip)
				}
				r.at(t, tt.ip)
			}
			name := fmt.Sprint(i)
			before := r.newPod(t, name+"-before")
			r.start(t)
			for n, pod := range []*podLog{{before, r.logOf(t, before)}, r.newLog(t, name+"-later")} {
				want := full(pod.pod, "shop-web")
				if tt.bare {
					want = fromPath(pod.pod)
				}
				if !tt.first {
					r.sendUntil(t, pod.log, fromPath(pod.pod), want)
				}
				for line := range 100 {
					pod.log.Write(testkit.Line{Text: fmt.Sprintf("%s %d %d", tt.name, n, line)})
				}
				require.Equal(t, want, r.send(t, pod.log, fmt.Sprintf("the end of %d", n)))
				count := 0
				for _, record := range r.backend.Records() {
					switch {
					case record.Resource["k8s.pod.name"] != pod.pod.Name:
					case !tt.first && maps.Equal(record.Resource, fromPath(pod.pod)) && !tt.bare:
					default:
						assert.Equal(t, want, record.Resource, "%v", record.Body)
						count++
					}
				}
				assert.GreaterOrEqual(t, count, 101)
			}
			metrics := &corev1.HTTPGetAction{Path: "/metrics", Port: intstr.FromString("metrics")}
			for what, probe := range map[string]*corev1.Probe{
				"liveness": r.agent.LivenessProbe, "readiness": r.agent.ReadinessProbe,
				"metrics": {ProbeHandler: corev1.ProbeHandler{HTTPGet: metrics}},
			} {
				status, text := r.answer(t, probe)
				assert.Equal(t, http.StatusOK, status, "%s: %s", what, text)
			}
			asked := r.front.requests()
			assert.Equal(t, tt.bare, len(asked) == 0, "the API server is asked for %v", asked)
			for what := range asked {
				assert.Contains(t, []string{"get pods", "list pods", "watch pods"}, what)
			}
			r.process.Stop(t)
		})
	}
}
