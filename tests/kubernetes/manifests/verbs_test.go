// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// What the rendered DaemonSet does with its rights.
const (
	knowsPods     = "lines have the metadata of their pod"
	learnsChanges = "a label that changes is learnt"
	outrunsWatch  = "a pod that the watch does not bring is known"
	asksOnce      = "pods are listed once at most"
	isReady       = "the pod is ready"
)

// absence is how long something is looked for that is not to come.
const absence = 5 * time.Second

// No verb is superfluous: without it, something that is named here does not work any more.
func TestWhatEachVerbIsFor(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.NewNamespace(t, "shop", nil)
	for i, tt := range []struct {
		folder, without string
		// old is an API server that cannot begin a watch with a list.
		old   bool
		fails []string
	}{
		{folder: "overlays/otlp"},
		{folder: "overlays/otlp", without: "get", fails: []string{outrunsWatch, isReady}},
		{folder: "overlays/otlp", without: "list", fails: []string{learnsChanges, isReady}},
		{folder: "overlays/otlp", without: "watch", fails: []string{learnsChanges, isReady}},
		// The processor does not know a pod before its watch does, and its status says nothing.
		{folder: "overlays/k8s-attributes", fails: []string{outrunsWatch}},
		{folder: "overlays/k8s-attributes", old: true, fails: []string{outrunsWatch}},
		{folder: "overlays/k8s-attributes", without: "list", old: true, fails: []string{knowsPods, learnsChanges, outrunsWatch}},
		{folder: "overlays/k8s-attributes", without: "watch", fails: []string{asksOnce, outrunsWatch}},
	} {
		name := strings.TrimPrefix(tt.folder, "overlays/") + " without " + cmp.Or(tt.without, "nothing")
		if tt.old {
			name += " at an old API server"
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t, s, Combination{Folder: tt.folder})
			r.front.old = tt.old
			r.forbid(t, tt.without)
			pod := r.newLog(t, fmt.Sprintf("known%d", i))
			r.start(t)
			for _, b := range []struct {
				name  string
				holds func(t *testing.T, timeout time.Duration) bool
			}{
				{knowsPods, func(t *testing.T, timeout time.Duration) bool {
					return r.becomes(t, pod, full(pod.pod, "shop-web"), timeout)
				}},
				{learnsChanges, func(t *testing.T, timeout time.Duration) bool {
					r.relabel(t, pod.pod, "shop-store")
					return r.becomes(t, pod, full(pod.pod, "shop-store"), timeout)
				}},
				{asksOnce, func(*testing.T, time.Duration) bool { return r.front.requests()["list pods"] <= 1 }},
				{outrunsWatch, func(t *testing.T, _ time.Duration) bool {
					r.front.hold()
					defer r.front.release()
					hidden := r.newLog(t, fmt.Sprintf("hidden%d", i))
					return maps.Equal(full(hidden.pod, "shop-web"), r.send(t, hidden.log, "hidden from the watch"))
				}},
				{isReady, func(t *testing.T, timeout time.Duration) bool {
					deadline := time.Now().Add(timeout)
					want, said := http.StatusOK, ""
					if tt.without != "" && slices.Contains(tt.fails, isReady) {
						want, said = http.StatusInternalServerError, tt.without+" pods:"
						deadline = time.Now().Add(testkit.DeliverTimeout)
					}
					status, text := 0, ""
					testkit.Eventually(t, time.Until(deadline), fmt.Sprintf("readiness %d, with %q", want, said), func() bool {
						status, text = r.answer(t, r.agent.ReadinessProbe)
						return status == want && strings.Contains(text, said)
					})
					return status == http.StatusOK
				}},
			} {
				if b.name == asksOnce && tt.without == "list" {
					// What is refused is asked for again.
					continue
				}
				fails, timeout := slices.Contains(tt.fails, b.name), testkit.DeliverTimeout
				if fails {
					timeout = absence
				}
				assert.Equal(t, !fails, b.holds(t, timeout), b.name)
			}
			r.process.Stop(t)
		})
	}
}

// forbid takes a verb out of the rules of the account, and waits until the API server heeds it.
func (r *rig) forbid(t *testing.T, verb string) {
	t.Helper()
	account := r.daemon.Template.Spec.ServiceAccountName
	role, err := r.Admin.RbacV1().ClusterRoles().Get(t.Context(), account, metav1.GetOptions{})
	require.NoError(t, err)
	require.Len(t, role.Rules, 1)
	all := role.Rules[0].Verbs
	role.Rules[0].Verbs = slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v == verb })
	_, err = r.Admin.RbacV1().ClusterRoles().Update(t.Context(), role, metav1.UpdateOptions{})
	require.NoError(t, err)
	c := r.as(t, "tributary", account)
	testkit.Eventually(t, testkit.StartTimeout, "the rules of "+account, func() bool {
		for _, v := range all {
			if can(t, c, v, "pods") == (v == verb) {
				return false
			}
		}
		return true
	})
}

// becomes sends lines until one has the attributes that are wanted, and says whether one had within the timeout.
func (r *rig) becomes(t *testing.T, pod *podLog, want map[string]any, timeout time.Duration) bool {
	t.Helper()
	for n, deadline := 0, time.Now().Add(timeout); time.Now().Before(deadline); n++ {
		if maps.Equal(want, r.send(t, pod.log, fmt.Sprintf("%s: %s: %v %d", t.Name(), pod.pod.Name, want["service.name"], n))) {
			return true
		}
	}
	return false
}
