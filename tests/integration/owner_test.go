// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// What the owner of a pod says by annotation holds for its own lines, from the first one on and when it changes.
func TestWhatTheOwnerOfAPodSays(t *testing.T) {
	pod := func(name string) testkit.Pod {
		return testkit.Pod{Namespace: "shop", Name: name, UID: "uid-" + name, Container: "main"}
	}
	object := func(name string, says map[string]string) *corev1.Pod {
		return kubeapi.NewPod("shop", name, "uid-"+name, "node-a", kubeapi.WithAnnotations(says), kubeapi.WithContainers("main"))
	}
	api := kubeapi.Start(t,
		object("json", map[string]string{"logs.tributary/parser": "json", "logs.tributary/attributes": "team=checkout"}),
		object("hidden", map[string]string{"logs.tributary/exclude": "true"}),
		object("stamped", map[string]string{"logs.tributary/multiline-start": `^\d{4}-`}),
		object("plain", nil),
		object("wrong", map[string]string{"logs.tributary/parser": "xml"}))
	backend := testkit.StartBackend(t)
	c := testkit.NewCollector(t, "kubernetes.yaml", "backends/otlp.yaml").Set("TRIBUTARY_OTLP_URL="+backend.HTTPURL(),
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a")
	p := c.Start(t)
	at := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	write := func(name string, lines ...string) {
		w := testkit.OpenPod(t, c.PodLogs(), pod(name))
		for _, line := range lines {
			at = at.Add(time.Second)
			w.Write(testkit.Line{Time: at, Stream: "stderr", Text: line})
		}
	}
	trace := []string{"java.lang.IllegalStateException: no stock", "\tat com.example.Shop.order(Shop.java:41)", "Caused by: java.io.IOException: gone", "\t... 1 more"}
	write("json", `{"status":500,"path":"/cart"}`)
	write("hidden", "nobody may see this")
	write("stamped", "2026-11-21 one", "goes on", "2026-11-21 two")
	write("plain", append(trace, "2026-11-21 three")...)
	write("wrong", `{"status":500}`)
	want := map[string]string{
		`{"status":500,"path":"/cart"}`: "json", "2026-11-21 one\ngoes on": "stamped", "2026-11-21 two": "stamped",
		strings.Join(trace, "\n"): "plain", "2026-11-21 three": "plain", `{"status":500}`: "wrong",
	}
	got := map[string]string{}
	for _, r := range backend.WaitRecords(t, len(want), testkit.DeliverTimeout) {
		body, _ := r.Body.(string)
		got[body], _ = r.Resource["k8s.pod.name"].(string)
		switch got[body] {
		case "json":
			assert.Equal(t, "checkout", r.Resource["custom.team"])
			assert.Equal(t, map[string]any{"log.iostream": "stderr", "status": int64(500), "path": "/cart"}, r.Attributes)
		default:
			assert.NotContains(t, r.Resource, "custom.team")
			assert.Equal(t, map[string]any{"log.iostream": "stderr"}, r.Attributes)
		}
	}
	assert.Equal(t, want, got)
	p.WaitOutput(t, `"annotation": "logs.tributary/parser", "value": "xml"`, testkit.DeliverTimeout)

	api.Update(object("hidden", nil))
	shown := backend.WaitRecords(t, len(want)+1, testkit.DeliverTimeout)
	assert.Equal(t, "nobody may see this", shown[len(shown)-1].Body, "what is not excluded any more is read from its beginning")
	p.Stop(t)
	assert.Len(t, backend.Records(), len(want)+1)
}
