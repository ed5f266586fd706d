// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const (
	// pathIdentity is how late a line may be of a pod of which nothing is known: 10 s, and what a line takes otherwise.
	pathIdentity = 11 * time.Second
	// relabelled is after how long a change has to be known, whatever becomes of a watch.
	relabelled = time.Minute
)

// labelOf is the label of a pod that its lines have to have, and no other ones.
func labelOf(pod testkit.Pod) string { return "app-" + pod.UID }

func apiPod(pod testkit.Pod, label string) *corev1.Pod {
	return kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, node, kubeapi.WithContainers(pod.Container),
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": label}))
}

// unlabelled is how many lines have come with the identity from the path alone.
func (o *oracle) unlabelled() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sources {
		n += s.unlabelled
	}
	return n
}

// relabel says which label the lines of a container may have from now on, besides those that they had.
func (o *oracle) relabel(id int, label string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sources[id].labels[label] = 0
}

// labelled is how many lines of a container have come with a label.
func (o *oracle) labelled(id int, label string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sources[id].labels[label]
}

// waits is the time that is delivered: other rows have pods that cannot be, and do not wait for them.
func (r *rig) waits() { r.collector.Set("TRIBUTARY_METADATA_TIMEOUT=10s") }

// unknownAtStart starts while the API server is away, of which nothing was ever known: lines come late, with the identity from
// their path, and those that are printed when it is back have all.
func unknownAtStart(r *rig) {
	r.waits()
	r.api.SetDown(true)
	c := r.container("early", load{rate: 100, bytes: 100})
	began := time.Now()
	r.start()
	testkit.Eventually(r.t, patience, "lines with the identity from the path", func() bool { return r.oracle.unlabelled() > 100 })
	late := r.container("late", load{rate: 100, bytes: 100}) // A new pod waits as well.
	r.pass(pathIdentity)
	lag := r.oracle.latest(began)
	r.note("lines of unknown pods are at most %.1fs late", lag.Seconds())
	assert.Less(r.t, lag, pathIdentity+lagLimit)
	r.event("the API server is back")
	r.api.SetDown(false)
	for _, c := range []*container{c, late} {
		testkit.Eventually(r.t, relabelled, "lines with metadata", func() bool { return r.oracle.labelled(c.id, labelOf(c.pod)) > 100 })
	}
	r.settle()
}

// knownBefore restarts, and crashes, while the API server is away: what was known is.
func knownBefore(r *rig) {
	r.waits()
	r.busyNode(2)
	r.start()
	r.arrived()
	r.pass(3 * time.Second) // What is known is stored each second.
	r.api.SetDown(true)
	for range times {
		r.kill()
		r.start()
		r.arrived()
		r.stop(exitLimit)
		r.start()
		r.arrived()
	}
	gone := r.containers[0]
	gone.quiet()
	r.event("a pod is deleted")
	r.api.SetDown(false)
	r.api.Delete(apiPod(gone.pod, labelOf(gone.pod)))
	r.settle()
	assert.Zero(r.t, r.oracle.unlabelled(), "lines without metadata")
}

// apiInTrouble lets the API server answer in all ways that it should not. Lines flow, and in the end the metadata is right.
func apiInTrouble(r *rig) {
	r.waits()
	before := r.container("known", load{rate: 100, bytes: 100})
	r.start()
	r.arrived()
	began := time.Now()
	for i, trouble := range []kubeapi.Fault{
		{Status: http.StatusUnauthorized}, {Status: http.StatusForbidden}, {Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second},
		{Status: http.StatusInternalServerError}, {Truncate: true}, {Disconnect: true}, {Delay: 30 * time.Second, Times: 2},
	} {
		r.event("the API server has trouble %d", i)
		r.api.SetFault(trouble)
		r.api.DropWatches()
		r.container(fmt.Sprintf("new-%d", i), load{rate: 50, bytes: 100})
		r.pass(2 * time.Second)
	}
	requests := len(r.api.Requests())
	r.api.SetFault(kubeapi.Fault{Status: http.StatusInternalServerError})
	r.pass(20 * time.Second)
	requests = len(r.api.Requests()) - requests
	r.note("%d requests in 20 s of trouble", requests)
	assert.LessOrEqual(r.t, requests, 3, "one request in 10 s")
	lag := r.oracle.latest(began)
	r.note("lines are at most %.1fs late", lag.Seconds())
	assert.Less(r.t, lag, pathIdentity+lagLimit)
	r.event("the API server is healthy")
	r.api.ClearFault()
	for _, c := range r.containers {
		n := r.oracle.labelled(c.id, labelOf(c.pod))
		testkit.Eventually(r.t, relabelled+30*time.Second, "lines with metadata of "+c.pod.Name, func() bool { return r.oracle.labelled(c.id, labelOf(c.pod)) > n })
	}
	assert.Equal(r.t, 0, r.oracle.missingLabels(before.id), "what was known stays so")
	r.settle()
}

// missingLabels is how many lines of a container have come without one.
func (o *oracle) missingLabels(id int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sources[id].unlabelled
}

// brokenWatches ends watches in each way. A change is known within a minute, and a list is asked for only when the server
// has forgotten what came before.
func brokenWatches(r *rig) {
	r.waits()
	c := r.container("relabelled", load{rate: 50, bytes: 100})
	r.start()
	r.arrived()
	for i, broken := range []struct {
		name  string
		begin func()
		lists int
	}{
		{"watches are dropped", r.api.DropWatches, 0},
		{"the history is compacted", func() {
			r.api.SetDown(true)
			r.api.Compact()
			r.api.SetDown(false)
		}, 1},
		{"watches are silent", func() {
			r.api.SetFault(kubeapi.Fault{Verb: "watch", Silent: true, Times: 1})
			r.api.DropWatches()
			testkit.Eventually(r.t, patience, "a silent watch", func() bool { return r.api.OpenWatches() > 0 })
		}, 0},
	} {
		r.event("%s", broken.name)
		lists := r.lists()
		broken.begin()
		label := fmt.Sprintf("app-%d", i)
		r.oracle.relabel(c.id, label)
		began := time.Now()
		r.api.Update(apiPod(c.pod, label))
		testkit.Eventually(r.t, relabelled+lagLimit, "lines with the new label when "+broken.name, func() bool { return r.oracle.labelled(c.id, label) > 0 })
		lists = r.lists() - lists
		r.note("%s: known after %.1fs, %d lists", broken.name, time.Since(began).Seconds(), lists)
		assert.LessOrEqual(r.t, lists, broken.lists, broken.name)
	}
	r.settle()
	assert.Zero(r.t, r.oracle.unlabelled(), "lines without metadata")
}

func (r *rig) lists() (n int) {
	for _, request := range r.api.Requests() {
		if request.Verb == "list" {
			n++
		}
	}
	return n
}

// largeCluster has many pods on other nodes, of which nothing is asked.
func largeCluster(r *rig) {
	const elsewhere, here = 20_000, 110
	for i := range elsewhere {
		r.api.Add(kubeapi.NewPod("elsewhere", fmt.Sprintf("pod-%d", i), fmt.Sprintf("uid-%d", i), fmt.Sprintf("node-%d", i%200)))
	}
	r.waits()
	for i := range here {
		r.container(fmt.Sprintf("here-%d", i), load{bytes: 100}).print(100)
	}
	r.start()
	r.settle()
	assert.Zero(r.t, r.oracle.unlabelled(), "lines without metadata")
	for _, request := range r.api.Requests() {
		require.Equal(r.t, "pods", request.Resource)
		if request.Verb != "get" {
			require.Equal(r.t, "spec.nodeName="+node, request.FieldSelector)
		}
	}
	r.note("%d requests, memory %d MiB", len(r.api.Requests()), r.peak)
}

// sameNames has pods with the same names one after the other, in quick succession, while lines of those before are read.
func sameNames(r *rig) {
	const names, generations, lines = 20, 10, 1_000
	r.waits()
	r.start()
	for range times {
		for range generations {
			for i := range names {
				name := fmt.Sprintf("web-%d", i)
				r.forgetPod(name)
				r.container(name, load{bytes: 60}).print(lines)
			}
		}
	}
	r.settle()
	assert.Zero(r.t, r.oracle.unlabelled(), "lines without metadata")
}

// forgetPod deletes a pod at the API server. Its files stay.
func (r *rig) forgetPod(name string) {
	key := "faults/" + name
	if uid := r.pods[key]; uid != "" {
		pod := testkit.Pod{Namespace: "faults", Name: name, UID: uid, Container: "main"}
		r.api.Delete(apiPod(pod, labelOf(pod)))
		delete(r.pods, key)
	}
}
