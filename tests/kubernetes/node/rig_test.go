// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/loki"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// settleTimeout is how long everything that was written may take to arrive, and a pod to start, on a loaded machine.
const settleTimeout = 3 * time.Minute

// rig is a node with a sink, and what its writers and its sink have put on the disk.
type rig struct {
	*Node
	workloads map[string]workload
	tally     *tally
}

// workload is what writes: what the lines of a run have to say of themselves, beside their pod.
type workload struct {
	run        string
	deployment bool
	replicas   int
	// unknown is that the API server does not tell of its pods: lines have what the path of their file says.
	unknown bool
	// arguments are those of programs/writer.
	arguments string
}

// newRig starts a node, with logs that are rotated every few seconds, and gives it all images.
func newRig(t *testing.T) *rig {
	if os.Getenv("TRIBUTARY_E2E") != "1" {
		t.Skip("it takes minutes: make e2e, or TRIBUTARY_E2E=1")
	}
	r := &rig{Node: Start(t, Options{LogMaxSize: "256Ki", LogMaxFiles: 10}), workloads: map[string]workload{}}
	r.tally = newTally(r.Path("/var/lib/sink/records"), r.expected)
	folder := t.TempDir()
	for _, program := range []string{"writer", "sink"} {
		r.Load(t, ImageOf(t, program, folder))
	}
	r.Load(t, testkit.Image(t))
	r.disk(t, "/var/lib/written", 65532)
	r.Apply(t, readFile(t, "testdata/sink.yaml"))
	r.Kubectl(t, "create", "namespace", "shop")
	return r
}

// disk makes a folder of the node that belongs to a user.
func (r *rig) disk(t *testing.T, path string, user int) {
	require.NoError(t, os.MkdirAll(r.Path(path), 0o755))
	require.NoError(t, os.Chown(r.Path(path), user, 0))
}

// roll applies an overlay of deploy/kubernetes as a user does, from a kustomization of one's own, and waits until it is
// everywhere. The variables are those of set.
func (r *rig) roll(t *testing.T, overlay, variables string) {
	r.applyOverlay(t, overlay, variables, "")
	r.rollout(t, "tributary", "daemonset/tributary")
}

// applyOverlay is roll without waiting. A rollout does not wait for a pod to stay ready: there is only one.
func (r *rig) applyOverlay(t *testing.T, overlay, variables, patches string, lines ...string) {
	lines = append(lines, variables, `patches:
- target: {kind: DaemonSet}
  patch: "- {op: replace, path: /spec/minReadySeconds, value: 0}"
`+patches)
	r.apply(t, "overlays/"+overlay, "tributary", lines...)
}

// apply applies a folder of deploy/kubernetes with the image that the node has. The lines are further parts of the kustomization, in
// which COMPONENTS is the folder of the components.
func (r *rig) apply(t *testing.T, folder, image string, lines ...string) {
	own := t.TempDir()
	relative, err := filepath.Rel(own, filepath.Join(testkit.Root(), "deploy/kubernetes", folder))
	require.NoError(t, err)
	components, err := filepath.Rel(own, filepath.Join(testkit.Root(), "deploy/kubernetes/components"))
	require.NoError(t, err)
	name, tag, _ := strings.Cut(map[string]string{"tributary": testkit.ImageName, "grafana/loki": LokiImage}[image], ":")
	text := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
images: [{name: %s, newName: %s, newTag: "%s"}]
`, relative, image, name, tag)
	require.NoError(t, os.WriteFile(filepath.Join(own, "kustomization.yaml"), []byte(text+strings.ReplaceAll(strings.Join(lines, "\n"), "COMPONENTS", components)), 0o600))
	r.Kubectl(t, "apply", "-k", own)
}

// set is the part of a kustomization that sets variables of the collector.
func set(pairs ...string) string {
	text := "configMapGenerator:\n- name: tributary\n  namespace: tributary\n  behavior: merge\n  literals:\n"
	for _, pair := range pairs {
		text += "  - " + pair + "\n"
	}
	return text
}

// rollout waits until all pods of something are new and ready.
func (r *rig) rollout(t *testing.T, namespace, what string) {
	r.Kubectl(t, "-n", namespace, "rollout", "status", what, "--timeout="+settleTimeout.String())
}

// startLoki applies the shipped manifests of Loki.
func (r *rig) startLoki(t *testing.T) {
	r.LoadLoki(t)
	r.disk(t, "/var/lib/loki", 10001)
	r.Apply(t, readFile(t, "testdata/volume.yaml"))
	r.apply(t, "backends/loki", "grafana/loki")
}

// loki is the Loki of startLoki, asked from the node by the name of its Service.
func (r *rig) loki() *loki.Loki {
	return loki.Elsewhere("http://loki.logging.svc.cluster.local:3100", r.HTTP)
}

// write starts writers: a Deployment, or a bare pod that is not started again when it has ended.
func (r *rig) write(t *testing.T, w workload) {
	r.workloads[w.run] = w
	labels := fmt.Sprintf("{app.kubernetes.io/name: writers, run: %s}", w.run)
	restart := map[bool]string{true: "OnFailure", false: "Never"}[strings.Contains(w.arguments, "-then=crash")]
	if w.deployment {
		restart = "Always"
	}
	var arguments []string
	for _, argument := range append(strings.Fields(w.arguments), "-run="+w.run) {
		arguments = append(arguments, fmt.Sprintf("%q", argument))
	}
	pod := fmt.Sprintf(`{
  restartPolicy: %s, automountServiceAccountToken: false, terminationGracePeriodSeconds: 20,
  containers: [{
    name: main, image: e2e.local/writer:1, args: [%s],
    env: [
      {name: CONTAINER, value: main},
      {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}},
      {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}},
      {name: POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}},
    ],
    volumeMounts: [{name: written, mountPath: /written}],
  }],
  volumes: [{name: written, hostPath: {path: /var/lib/written}}],
}`, restart, strings.Join(arguments, ", "))
	if !w.deployment {
		r.Apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: %s, namespace: shop, labels: %s}, spec: %s}`, w.run, labels, pod))
		return
	}
	r.Apply(t, fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s, namespace: shop}, spec: {
  replicas: %d, selector: {matchLabels: {run: %[1]s}}, template: {metadata: {labels: %[3]s}, spec: %[4]s}}}`, w.run, w.replicas, labels, pod))
}

// ended waits until a bare pod has written everything, or the pods of a Deployment are gone.
func (r *rig) ended(t *testing.T, run string) {
	if r.workloads[run].deployment {
		r.Kubectl(t, "-n", "shop", "scale", "deployment/"+run, "--replicas=0")
		r.Kubectl(t, "-n", "shop", "wait", "--for=delete", "pod", "-l", "run="+run, "--timeout="+settleTimeout.String())
		return
	}
	r.Kubectl(t, "-n", "shop", "wait", "pod/"+run, "--for=jsonpath={.status.phase}=Succeeded", "--timeout="+settleTimeout.String())
}

// expected is what the resource of a line must be, no more and no less.
func (r *rig) expected(l line) map[string]any {
	want := map[string]any{
		"k8s.namespace.name": l.namespace, "k8s.pod.name": l.pod, "k8s.pod.uid": l.uid, "k8s.container.name": l.container,
		"k8s.container.restart_count": fmt.Sprint(l.attempt - 1),
	}
	if r.workloads[l.run].unknown {
		return want
	}
	maps.Copy(want, map[string]any{
		"k8s.node.name":          Name,
		"app.kubernetes.io/name": "writers", "service.name": "writers", "service.namespace": l.namespace,
		"service.instance.id": l.namespace + "." + l.pod + "." + l.container,
		// The tag of the image.
		"service.version": "1",
	})
	if r.workloads[l.run].deployment {
		want["k8s.deployment.name"] = l.run
	}
	return want
}

func readFile(t *testing.T, path string) string {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}
