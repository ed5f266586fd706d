// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trouble is one thing that is broken and may heal.
type trouble struct {
	// run is what a pod has written before the collector starts.
	run string
	// breaks breaks the node or the cluster before that, closes what the pod has written.
	breaks func(*testing.T, *rig)
	closes func(t *testing.T, r *rig, folder string)
	// components and variables are those of the collector, beside what leads it to the sink, and patches are made to its manifests.
	components, variables []string
	patches               string
	// says is what its log and its readiness say.
	says []string
	// ships is whether the lines arrive meanwhile, unknown that they have only what their path says; others is whether those of
	// other pods do.
	ships, unknown, others bool
	// repeats is that a restart sends lines again.
	repeats bool
	// mends makes it whole; the manifests are those of the overlay again.
	mends func(*testing.T, *rig)
}

var troubles = map[string]trouble{
	"the Secret is missing": {
		run:        "secret",
		components: []string{"existing-secret"},
		variables:  []string{"TRIBUTARY_OTLP_TOKEN_FILE=/run/secrets/tributary/token"},
		says:       []string{"/run/secrets/tributary/token"},
		mends: func(t *testing.T, r *rig) {
			r.Kubectl(t, "-n", "tributary", "create", "secret", "generic", "tributary-backend", "--from-literal=token=made-up")
		},
	},
	"the state folder is read-only": {
		run: "readonly",
		breaks: func(t *testing.T, r *rig) {
			r.Exec(t, "mkdir", "-p", state)
			r.Exec(t, "mount", "--bind", state, state)
			r.Exec(t, "mount", "-o", "remount,bind,ro", state)
		},
		says:  []string{state + "/checkpoints", "read-only file system"},
		ships: true, others: true, repeats: true,
		mends: func(t *testing.T, r *rig) {
			r.Exec(t, "umount", state)
			// What is mounted for a container stays as it was when that was started.
			r.Kubectl(t, "-n", "tributary", "rollout", "restart", "daemonset/tributary")
		},
	},
	"there is no right at the API server": {
		run:    "norights",
		breaks: func(t *testing.T, r *rig) { r.Kubectl(t, "delete", "clusterrolebinding", "tributary") },
		patches: `- target: {kind: ClusterRoleBinding}
  patch: '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: any}, $patch: delete}'
`,
		says:  []string{"403 Forbidden", "needs the rule {apiGroups: "},
		ships: true, unknown: true,
		mends: func(t *testing.T, r *rig) { trouble{}.roll(t, r) },
	},
	"the log folder of a pod is closed": {
		run:    "closed",
		closes: func(t *testing.T, r *rig, folder string) { r.Exec(t, "chmod", "700", folder) },
		says:   []string{"cannot be read", "/var/log/pods/shop_closed_"},
		others: true,
		mends:  func(t *testing.T, r *rig) { r.Exec(t, "sh", "-c", "chmod 755 /var/log/pods/shop_closed_*") },
	},
	"the folder of all logs is not mounted": {
		run: "nofolder",
		patches: `- target: {kind: DaemonSet}
  patch: "- {op: remove, path: /spec/template/spec/containers/0/volumeMounts/0}"
`,
		says:  []string{"there is no such folder", "/var/log/pods"},
		mends: func(t *testing.T, r *rig) { trouble{}.roll(t, r) },
	},
}

// state is the state folder of the collector.
const state = "/var/lib/tributary"

// TestTrouble breaks one thing after the other. The collector goes on, says in its log and by its readiness what is wrong, ships
// what it can, and all the rest once it is mended.
func TestTrouble(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	trouble{}.roll(t, r)
	r.rollout(t, "tributary", "daemonset/tributary")
	for _, name := range slices.Sorted(maps.Keys(troubles)) {
		// What one leaves broken is no business of the next.
		if !t.Run(name, func(t *testing.T) { troubles[name].try(t, r) }) {
			return
		}
	}
}

func (w trouble) try(t *testing.T, r *rig) {
	const lines = 500
	r.Kubectl(t, "-n", "tributary", "delete", "daemonset/tributary", "--cascade=foreground")
	if w.breaks != nil {
		w.breaks(t, r)
	}
	r.write(t, workload{run: w.run, unknown: w.unknown, arguments: fmt.Sprintf("-lines=%d -rate=2000", lines)})
	r.ended(t, w.run)
	s := r.only(t, w.run)
	if w.closes != nil {
		w.closes(t, r, fmt.Sprintf("/var/log/pods/shop_%s_%s", w.run, s.uid))
	}
	w.roll(t, r)

	r.complains(t, w.says...)
	if w.others {
		r.writeAndDeliver(t, w.run+"-meanwhile")
	}
	if w.ships {
		r.delivered(t, w.run)
	} else {
		r.tally.update(t)
		require.Len(t, r.tally.missing(s, lines), lines)
	}

	w.mends(t, r)
	r.rollout(t, "tributary", "daemonset/tributary")
	if w.repeats {
		r.arrived(t, r.written(t, w.run))
	} else {
		r.delivered(t, w.run)
	}
	r.writeAndDeliver(t, w.run+"-after")
	agent, ok := r.agent(t)
	require.True(t, ok)
	assert.Zero(t, agent.Status.ContainerStatuses[0].RestartCount)
}

// roll rolls the collector out. It is asked each second whether it is ready, which takes others longer to see.
func (w trouble) roll(t *testing.T, r *rig) {
	var components []string
	for _, component := range w.components {
		components = append(components, "components: [COMPONENTS/"+component+"]")
	}
	variables := set(append(w.variables, "TRIBUTARY_OTLP_URL=http://sink.sink:4318")...)
	r.applyOverlay(t, "otlp", variables, `- target: {kind: DaemonSet}
  patch: "- {op: replace, path: /spec/template/spec/containers/0/readinessProbe/periodSeconds, value: 1}"
`+w.patches, components...)
}

// writeAndDeliver lets a pod write, and waits for its lines.
func (r *rig) writeAndDeliver(t *testing.T, run string) {
	r.write(t, workload{run: run, arguments: "-lines=100"})
	r.ended(t, run)
	r.delivered(t, run)
}

// complains waits until the pod of the collector is not ready, and its log and its readiness say why. It has not been started
// again for it.
func (r *rig) complains(t *testing.T, says ...string) {
	var ready bool
	var log, status string
	all := func(text string) bool {
		for _, part := range says {
			if !strings.Contains(text, part) {
				return false
			}
		}
		return true
	}
	found := waitUntil(settleTimeout, func() bool {
		agent, ok := r.agent(t)
		if !ok {
			return false
		}
		container := agent.Status.ContainerStatuses[0]
		require.Zero(t, container.RestartCount)
		ready = container.Ready
		log, _ = r.TryExec(t.Context(), "", "kubectl", "-n", "tributary", "logs", agent.Name)
		status = r.status(t, agent.Status.PodIP)
		return !ready && all(log) && all(status)
	})
	require.True(t, found, "ready: %v; want %q in both\nlog:\n%s\nreadiness:\n%s", ready, says, lastLines(log, 20), status)
}

// agent is the pod of the collector, once its container runs and no other pod of it is left.
func (r *rig) agent(t *testing.T) (corev1.Pod, bool) {
	pods, err := r.Admin.CoreV1().Pods("tributary").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	if len(pods.Items) != 1 {
		return corev1.Pod{}, false
	}
	pod := pods.Items[0]
	running := len(pod.Status.ContainerStatuses) == 1 && pod.Status.ContainerStatuses[0].State.Running != nil
	return pod, running && pod.DeletionTimestamp == nil
}

// status is what the readiness of the collector answers.
func (r *rig) status(t *testing.T, address string) string {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+":13134/status", http.NoBody)
	require.NoError(t, err)
	answer, err := r.HTTP.Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return fmt.Sprintf("%s\n%s", answer.Status, body)
}
