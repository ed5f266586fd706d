// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// How long lines of an unknown pod wait (metadata_timeout), and how long until they are delivered: until they have been read
// and sent as well. A loaded machine may take a little longer.
const (
	unknownWait    = 10 * time.Second
	unknownDeliver = 11*time.Second + slack
	slack          = time.Second
)

// metadataBack is how long it may take until the collector knows again what the API server says: it asks every 10 to 15 s
// while that is away, and after a 401 it reads its token again within a minute.
const metadataBack = 90 * time.Second

// Both configurations get along with a role that allows to read pods, and nothing else.
func TestMetadataWithATokenForPodsAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, ours)
	for _, tt := range []struct{ name, config, pods string }{
		{name: "k8s_pods", config: ours, pods: "a"},
		{name: "k8s_attributes", config: upstream, pods: "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.configure(t, tt.config)
			before := r.cluster.NewPod(t, web(tt.pods+"-before"))
			r.start(t)
			w := r.logOf(t, before)
			// k8s_attributes delivers what it does not know yet as it is.
			r.sendUntil(t, w, testkit.DeliverTimeout, fromPath(before), full(before))

			// A pod that comes later, and one that is gone but still writes.
			later := r.cluster.NewPod(t, web(tt.pods+"-later"))
			r.sendUntil(t, r.logOf(t, later), testkit.DeliverTimeout, fromPath(later), full(later))
			r.cluster.DeletePod(t, before)
			got, _ := r.send(t, w, "the last words of "+before.Name)
			assert.Equal(t, full(before), got)
			r.stop(t)
		})
	}
}

func TestAnAPIServerThatIsAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, ours)
	early := r.cluster.NewPod(t, web("early"))
	r.cluster.StopAPI(t)
	r.start(t)

	w := r.logOf(t, early)
	got, took := r.send(t, w, "nobody knows this pod")
	assert.Equal(t, fromPath(early), got)
	assert.LessOrEqual(t, took, unknownDeliver)
	t.Logf("delivered without metadata after %s", took)
	_, took = r.send(t, w, "another line of it")
	assert.Less(t, took, unknownWait, "a pod is waited for once")

	r.cluster.StartAPI(t)
	r.sendUntil(t, w, metadataBack, fromPath(early), full(early))

	// What is known stays known, also to the next process.
	r.cluster.StopAPI(t)
	got, _ = r.send(t, w, "the API server is away again")
	assert.Equal(t, full(early), got)
	r.stop(t)
	r.start(t)
	got, took = r.send(t, w, "a line after a restart")
	assert.Equal(t, full(early), got)
	assert.Less(t, took, unknownWait)
	r.stop(t)
}

func TestATokenThatIsNoLongerValid(t *testing.T) {
	t.Parallel()
	r := newRig(t, ours)
	r.start(t)
	known := r.cluster.NewPod(t, web("known"))
	w := r.logOf(t, known)
	r.sendUntil(t, w, testkit.DeliverTimeout, fromPath(known), full(known))

	r.account.Revoke(t)
	// The open watch would see new pods nevertheless.
	r.cluster.StopAPI(t)
	r.cluster.StartAPI(t)
	unknown := r.cluster.NewPod(t, web("unknown"))
	u := r.logOf(t, unknown)
	got, took := r.send(t, u, "401")
	assert.Equal(t, fromPath(unknown), got)
	assert.LessOrEqual(t, took, unknownDeliver)
	got, _ = r.send(t, w, "known before")
	assert.Equal(t, full(known), got)

	r.account.Rotate(t)
	r.sendUntil(t, u, metadataBack, fromPath(unknown), full(unknown))
	r.stop(t)
}

// A role that lacks one of several resources costs what that one would give, and no line.
func TestOneResourceThatIsForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t, ours, extra(t, `extensions:
  k8s_pods:
    extract:
      labels:
        - {key: app.kubernetes.io/name, tag_name: app.kubernetes.io/name}
        - {key: team, tag_name: team, from: namespace}
`))
	pod := r.cluster.NewPod(t, web("one"))
	r.start(t)
	w := r.logOf(t, pod)
	got, took := r.send(t, w, "namespaces are forbidden")
	assert.Equal(t, full(pod), got)
	assert.LessOrEqual(t, took, unknownDeliver)

	r.account.SetRules(t, Reads("", "pods", "namespaces"))
	r.sendUntil(t, w, metadataBack, full(pod), with(full(pod), map[string]any{"team": "red"}))

	r.account.SetRules(t, Reads("", "namespaces"))
	r.cluster.StopAPI(t)
	r.cluster.StartAPI(t)
	late := r.cluster.NewPod(t, web("two"))
	l := r.logOf(t, late)
	got, took = r.send(t, l, "pods are forbidden")
	assert.Equal(t, fromPath(late), got)
	assert.LessOrEqual(t, took, unknownDeliver)
	r.account.SetRules(t, Reads("", "pods", "namespaces"))
	r.sendUntil(t, l, metadataBack, fromPath(late), with(full(late), map[string]any{"team": "red"}))
	r.stop(t)
}
