// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// kubernetes.yaml asks an API server; here it has none of the pods.
func kubernetes(t *testing.T, backend string) *testkit.Collector {
	return testkit.NewCollector(t, "kubernetes.yaml", "backends/"+backend+".yaml").Set(
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeapi.Start(t).Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a",
		"TRIBUTARY_METADATA_TIMEOUT=100ms")
}

func TestEveryLineOf100000Arrives(t *testing.T) {
	backend := testkit.StartBackend(t)
	c := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL())
	want := testkit.Generate(t, c.PodLogs(), testkit.GenerateOptions{Seed: 1, Pods: 10, Lines: 100_000, RotateEvery: 2_500})

	p := c.Start(t)
	got := backend.WaitRecords(t, len(want), 5*testkit.DeliverTimeout)
	p.Stop(t)

	diff := testkit.Compare(want, got)
	assert.True(t, diff.Empty(), "%s", diff)
	assert.Len(t, backend.Records(), len(want))

	// What is delivered is not sent again.
	p = c.Start(t)
	late := testkit.OpenPod(t, c.PodLogs(), testkit.Pod{Namespace: "late", Name: "pod-0", UID: "0a0a", Container: "main"})
	late.Write(testkit.Line{Text: "the last line"})
	backend.WaitRecords(t, len(want)+1, testkit.DeliverTimeout)
	p.Stop(t)
	assert.Len(t, backend.Records(), len(want)+1)
}

func TestRotationWhileRunningLosesNothing(t *testing.T) {
	backend := testkit.StartBackend(t)
	c := kubernetes(t, "otlp-grpc").Set("TRIBUTARY_OTLP_GRPC_ENDPOINT=" + backend.GRPCAddr())
	p := c.Start(t)
	want := testkit.Generate(t, c.PodLogs(), testkit.GenerateOptions{Seed: 2, Pods: 3, Lines: 9_000, RotateEvery: 500})
	diff := testkit.Compare(want, backend.WaitRecords(t, len(want), testkit.DeliverTimeout))
	p.Stop(t)
	assert.True(t, diff.Empty(), "%s", diff)
	assert.Len(t, backend.Records(), len(want))
}

func TestAnEndDuringAnOutageLosesNothing(t *testing.T) {
	for name, end := range map[string]func(*testkit.Process){"killed": (*testkit.Process).Kill, "stopped": (*testkit.Process).Terminate} {
		t.Run(name, func(t *testing.T) {
			backend := testkit.StartBackend(t)
			c := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL())
			backend.SetFault(testkit.Fault{HTTPStatus: 503})
			// No split lines: file_log hands on what it has of one when it stops (ADR 0005), and on a slow machine it is
			// still reading then.
			want := testkit.Generate(t, c.PodLogs(), testkit.GenerateOptions{Seed: 3, Pods: 2, Lines: 4_000, PartialPercent: -1})

			p := c.Start(t)
			testkit.Eventually(t, testkit.DeliverTimeout, "a request is refused", func() bool { return backend.Faulted() > 0 })
			end(p)
			p.Wait(t, 20*time.Second)
			require.Zero(t, backend.Count())

			backend.ClearFault()
			p = c.Start(t)
			got := backend.WaitFor(t, testkit.DeliverTimeout, "every line", func(got []testkit.Record) bool {
				return len(testkit.Compare(want, got).Lost) == 0
			})
			p.Stop(t)
			assert.Empty(t, testkit.Compare(want, got).Wrong)
		})
	}
}

// The queue holds a fraction of what comes: reading stops, and the log file is the queue.
func TestAFullQueueLosesNothing(t *testing.T) {
	backend := testkit.StartBackend(t)
	c := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL="+backend.HTTPURL(), "TRIBUTARY_QUEUE_BYTES=2000000")
	backend.SetFault(testkit.Fault{HTTPStatus: 503})
	want := testkit.Generate(t, c.PodLogs(), testkit.GenerateOptions{Seed: 4, Pods: 4, Lines: 20_000})
	p := c.Start(t)
	testkit.Eventually(t, testkit.DeliverTimeout, "requests are refused", func() bool { return backend.Faulted() > 1 })
	backend.ClearFault()
	got := backend.WaitRecords(t, len(want), testkit.DeliverTimeout)
	p.Stop(t)
	diff := testkit.Compare(want, got)
	assert.True(t, diff.Empty(), "%s", diff)
}

// Lines are being written, read, and delivered in every state when the process dies.
func TestKillWhileLinesComeLosesNothing(t *testing.T) {
	const rounds = 10
	backend := testkit.StartBackend(t)
	c := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL())
	pod := testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1-c2", Container: "main"}
	w := testkit.OpenPod(t, c.PodLogs(), pod)
	var want []testkit.Expected
	write := func(n int) {
		for range n {
			e := testkit.Expected{Pod: pod, Stream: "stdout", Time: at.Add(time.Duration(len(want))), Marker: fmt.Sprintf("sq_0000_%09d", len(want))}
			e.Body = "line " + e.Marker
			w.Write(testkit.Line{Time: e.Time, Stream: e.Stream, Text: e.Body})
			want = append(want, e)
		}
	}
	// 2,000 lines a second, as a busy container writes them.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for round := range rounds {
		p := c.Start(t)
		// The end comes at another point of the half second between two polls each time.
		for before, more := backend.Count(), 7*round; backend.Count() == before || more > 0; {
			<-tick.C
			write(20)
			if backend.Count() != before {
				more--
			}
		}
		p.Kill()
		p.Wait(t, 10*time.Second)
	}
	p := c.Start(t)
	got := backend.WaitFor(t, testkit.DeliverTimeout, "every line", func(got []testkit.Record) bool {
		return len(got) >= len(want) && len(testkit.Compare(want, got).Lost) == 0
	})
	p.Stop(t)
	diff := testkit.Compare(want, got)
	assert.Empty(t, diff.Wrong)
	t.Logf("%d lines, %d kills, %d sent twice", len(want), rounds, len(diff.Duplicated))
}

func TestEveryFormatOfLineIsUnderstood(t *testing.T) {
	backend := testkit.StartBackend(t)
	c := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL())
	file := shop.LogPath(c.PodLogs())
	for _, line := range []string{
		"2026-11-21T03:00:00.123456789Z stdout F containerd",
		"2026-11-21T03:00:00.123456789+00:00 stderr F CRI-O",
		"2026-11-21T03:00:00.123456789Z stdout P joined by stre",
		"2026-11-21T03:00:00.2Z stderr P the other str",
		"2026-11-21T03:00:00.3Z stdout F am",
		"2026-11-21T03:00:00.4Z stderr F eam",
		"2026-11-21T03:00:00.123456789Z stdout F ",
		"2026-11-21T03:00:00.123456789Z stdout F broken \xff\xfe bytes",
		`{"log":"docker says \"hi\"\n","stream":"stdout","time":"2026-11-21T03:00:00.123456789Z"}`,
		`{"log":"split by ","stream":"stderr","time":"2026-11-21T03:00:00.123456789Z"}`,
		`{"log":"docker\n","stream":"stderr","time":"2026-11-21T03:00:00.2Z"}`,
		"no runtime wrote this",
	} {
		appendLine(t, file, line)
	}
	p := c.Start(t)
	got := backend.WaitRecords(t, 9, testkit.DeliverTimeout)
	p.Stop(t)

	stdout, stderr := map[string]any{"log.iostream": "stdout"}, map[string]any{"log.iostream": "stderr"}
	record := func(body string, attributes map[string]any, time time.Time) wantRecord {
		return wantRecord{body: body, resource: fromPath(), attributes: attributes, time: time}
	}
	assertRecords(t, []wantRecord{
		record("containerd", stdout, at),
		record("CRI-O", stderr, at),
		record("joined by stream", stdout, at),
		record("the other stream", stderr, at.Truncate(time.Second).Add(200*time.Millisecond)),
		record("", stdout, at),
		record(`broken \xff\xfe bytes`, stdout, at),
		record(`docker says "hi"`, stdout, at),
		record("split by docker", stderr, at),
		record("no runtime wrote this", map[string]any{}, time.Time{}),
	}, got)
}

func TestLinesFlowWhileTheAPIServerIsAway(t *testing.T) {
	api := kubeapi.Start(t)
	api.SetDown(true)
	backend := testkit.StartBackend(t)
	c := testkit.NewCollector(t, "kubernetes.yaml", "backends/otlp.yaml").Set("TRIBUTARY_OTLP_URL="+backend.HTTPURL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a", "POD_UID=f00d")
	writePod(t, c, at, "stdout", "nobody knows this pod")
	p := c.Start(t)
	got := backend.WaitRecords(t, 1, testkit.DeliverTimeout)
	p.Stop(t)
	assertRecords(t, []wantRecord{{
		body: "nobody knows this pod", resource: fromPath(),
		attributes: map[string]any{"log.iostream": "stdout"}, time: at,
	}}, got)
}

func TestMetadataOfThePodIsAdded(t *testing.T) {
	pod := testkit.Pod{Namespace: "shop", Name: "web-7d4b9c6f5d-x2x4z", UID: "b1c2", Container: "main"}
	api := kubeapi.Start(t, kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, "node-a",
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "rs-1"),
		kubeapi.WithLabels(map[string]string{"app.kubernetes.io/name": "shop-web"}),
		kubeapi.WithAnnotations(map[string]string{"resource.opentelemetry.io/service.version": "1.2.3"}),
		kubeapi.WithContainers(pod.Container)))
	backend := testkit.StartBackend(t)
	c := testkit.NewCollector(t, "kubernetes.yaml", "backends/otlp.yaml").Set("TRIBUTARY_OTLP_URL="+backend.HTTPURL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a",
		"OTEL_RESOURCE_ATTRIBUTES=k8s.cluster.name=test")
	p := c.Start(t)
	testkit.Eventually(t, testkit.StartTimeout, "the pods are watched", func() bool { return len(api.Requests()) > 0 })
	w := testkit.OpenPod(t, c.PodLogs(), pod)
	at := time.Date(2026, 11, 21, 3, 0, 0, 123456789, time.UTC)
	w.Write(testkit.Line{Time: at, Stream: "stderr", Text: "where is my line?"})

	got := backend.WaitRecords(t, 1, testkit.DeliverTimeout)[0]
	p.Stop(t)
	assert.Equal(t, map[string]any{
		"k8s.namespace.name": "shop", "k8s.pod.name": "web-7d4b9c6f5d-x2x4z", "k8s.pod.uid": "b1c2",
		"k8s.container.name": "main", "k8s.container.restart_count": "0",
		"k8s.node.name": "node-a", "k8s.deployment.name": "web", "k8s.cluster.name": "test",
		"app.kubernetes.io/name": "shop-web", "service.name": "shop-web", "service.namespace": "shop",
		"service.version": "1.2.3", "service.instance.id": "shop.web-7d4b9c6f5d-x2x4z.main",
	}, got.Resource)
	assert.Equal(t, map[string]any{"log.iostream": "stderr"}, got.Attributes)
	assert.Equal(t, "where is my line?", got.Body)
	assert.True(t, at.Equal(got.Timestamp), got.Timestamp)
	for _, r := range api.Requests() {
		assert.Equal(t, "pods", r.Resource, "only pods are asked for")
		assert.Equal(t, "spec.nodeName=node-a", r.FieldSelector, "only this node's pods are asked for")
	}
}
