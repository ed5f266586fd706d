// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func refuse(*http.Request, call) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

func TestWhatWasKnownIsKnownAfterARestart(t *testing.T) {
	rules := Rules{
		Metadata: []string{"container.id", "k8s.node.uid", "k8s.deployment.name", "k8s.pod.ip"}, OTelAnnotations: true,
		Labels: []Field{{Key: "team", TagName: "team", From: FromNamespace}, {Key: "zone", TagName: "zone", From: FromNode}},
	}
	bubble(t, "with the API server down", func(t *testing.T) {
		web := podOf("shop", "web", "1", runs("app", "app:1"), labelled("pod-template-hash=7d4b", "is=1"), owned("ReplicaSet", "web-7d4b"),
			annotated("resource.opentelemetry.io/a=b"))
		web.Status.PodIP = "10.1.2.3"
		web.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", RestartCount: 3, ContainerID: "containerd://id"}}
		static, old := podOf("kube-system", "etcd-node-a", "2", withHash("hash")), podOf("shop", "old", "3")
		namespace, far, system := &corev1.Namespace{}, &corev1.Namespace{}, &corev1.Namespace{}
		system.Name = "kube-system"
		namespace.Name, namespace.Labels = "shop", map[string]string{"team": "red"}
		far.Name, far.Labels = "far", map[string]string{"team": "blue"}
		node := &corev1.Node{}
		node.Name, node.UID, node.Labels = "node-a", "uid-node", map[string]string{"zone": "z1"}
		s, store := newServer(web, static, old, namespace, far, system, node), newMemory()
		w := start(t, s, store, rules)
		pass(3 * time.Second)
		tracked := w.Track(keyOf(old))
		s.remove(old)
		pass(0)
		tracked.Release() // As a receiver does that stops before its files are read to their ends.
		want := text(w.Track(keyOf(web)).Known().Attributes("app", 3))
		w.Close()
		assert.Equal(t, "a=b container.id=id k8s.deployment.name=web k8s.node.uid=uid-node k8s.pod.ip=10.1.2.3 team=red zone=z1", want)
		assert.Equal(t, []string{"namespace/kube-system", "namespace/shop", "node", "pod/kube-system_etcd-node-a_2", "pod/shop_old_3", "pod/shop_web_1"}, store.keys())

		s.setFault(refuse)
		w = start(t, s, store, rules)
		assert.Equal(t, want, text(w.Track(keyOf(web)).Known().Attributes("app", 3)), "at once")
		assert.Equal(t, "2", label(w.Track(Key{"kube-system", "etcd-node-a", "hash"})))
		gone := w.Track(keyOf(old))
		assert.Equal(t, "3", label(gone))
		gone.Release()
		pass(time.Hour)
		assert.Equal(t, "nothing", label(w.Track(keyOf(old))))
		assert.Equal(t, 2, w.Stats().Known)
		w.Close()
		assert.Equal(t, []string{"namespace/kube-system", "namespace/shop", "node", "pod/kube-system_etcd-node-a_2", "pod/shop_web_1"}, store.keys())
		assert.Zero(t, w.Stats().Ignored["damaged"])

		w = start(t, s, store, Rules{})
		pass(2 * time.Second)
		assert.Empty(t, w.Track(keyOf(web)).Known().NamespaceLabels(), "what is not asked for any more")
		w.Close()
		assert.Equal(t, []string{"pod/kube-system_etcd-node-a_2", "pod/shop_web_1"}, store.keys())
	})
}

func TestWritesAreFew(t *testing.T) {
	bubble(t, "at most one in a second, with what has changed", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s, store := newServer(web), newMemory()
		w := start(t, s, store, Rules{})
		defer w.Close()
		pass(10 * time.Second)
		assert.Equal(t, 1, store.saves)
		for i := range 100 {
			s.set(podOf("shop", "web", "1", withLabel(strings.Repeat("x", i))))
			pass(100 * time.Millisecond)
		}
		pass(time.Second)
		assert.LessOrEqual(t, store.saves, 12)
		assert.Contains(t, string(store.values["pod/shop_web_1"]), strings.Repeat("x", 99))
		before := store.saves
		s.set(podOf("shop", "web", "1", withLabel(strings.Repeat("x", 99)), func(p *corev1.Pod) { p.Status.Message = "not kept" }))
		pass(time.Hour)
		assert.Equal(t, before, store.saves)
	})
	bubble(t, "again when one has failed", func(t *testing.T) {
		s, store := newServer(podOf("shop", "web", "1")), newMemory()
		store.fail = true
		w := start(t, s, store, Rules{})
		defer w.Close()
		pass(time.Minute)
		assert.LessOrEqual(t, store.saves, 7)
		assert.Equal(t, []string{"storage is ill"}, w.said())
		store.mu.Lock()
		store.fail = false
		store.mu.Unlock()
		pass(30 * time.Second)
		assert.Equal(t, []string{"pod/shop_web_1"}, store.keys())
		assert.Equal(t, []string{"storage is ill", "storage is well"}, w.said())
	})
}

const good = `{"version":1,"pod":{"namespace":"shop","name":"web","uid":"1","labels":{"is":"1"}}}`

func TestValuesThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct{ name, key, value, want string }{
		{"a good one", "pod/shop_web_1", good, ""},
		{"nothing", "pod/shop_web_1", "", "EOF"},
		{"half of one", "pod/shop_web_1", good[:40], "unexpected EOF"},
		{"two", "pod/shop_web_1", good + good, "there is something behind the value"},
		{"zeros", "pod/shop_web_1", strings.Repeat("\x00", 100), "invalid character"},
		{"a newer version", "pod/shop_web_1", `{"version":2,"pod":{"namespace":"shop","name":"web","uid":"1"}}`, "its version is 2, not 1"},
		{"another pod's", "pod/shop_web_2", good, `it belongs to "pod/shop_web_1"`},
		{"another kind's", "node", good, `it belongs to "pod/shop_web_1"`},
		{"a foreign key", "x", good, `it belongs to "pod/shop_web_1"`},
		{"no pod", "pod/shop_web_1", `{"version":1}`, `it belongs to ""`},
		{"a pod and more", "pod/shop_web_1", `{"version":1,"pod":{"namespace":"shop","name":"web","uid":"1"},"meta":{"name":"x"}}`, `it belongs to ""`},
		{"a pod without a uid", "pod/shop_web_", `{"version":1,"pod":{"namespace":"shop","name":"web"}}`, `no pod is called "shop_web_"`},
		{"a pod that makes another key", "pod/a_b_c_d", `{"version":1,"pod":{"namespace":"a_b","name":"c","uid":"d"}}`, `no pod is called "a_b_c_d"`},
		{"a wrong type", "pod/shop_web_1", `{"version":1,"pod":[]}`, "cannot unmarshal"},
		{"a namespace", "namespace/shop", `{"version":1,"meta":{"name":"shop"}}`, ""},
		{"another namespace's", "namespace/shop", `{"version":1,"meta":{"name":"bank"}}`, `it belongs to "namespace/bank"`},
		{"a node", "node", `{"version":1,"meta":{"name":"node-a"}}`, ""},
		{"one that is too large", "pod/shop_web_1", strings.Repeat(" ", maxStoredBytes+1), "more than a value may have"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseStored(tt.key, []byte(tt.value))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestDamagedValuesAreCountedAndRemoved(t *testing.T) {
	bubble(t, "and the others are used", func(t *testing.T) {
		store := newMemory()
		store.values = map[string][]byte{"pod/shop_web_1": []byte(good), "pod/shop_web_2": []byte(good), "x": []byte("{")}
		s := newServer()
		s.setFault(refuse)
		w := start(t, s, store, Rules{})
		assert.Equal(t, "1", label(w.Track(Key{"shop", "web", "1"})))
		assert.Equal(t, "nothing", label(w.Track(Key{"shop", "web", "2"})))
		assert.Equal(t, int64(2), w.Stats().Ignored["damaged"])
		pass(2 * time.Second)
		w.Close()
		assert.Equal(t, []string{"pod/shop_web_1"}, store.keys())
	})
}

// FuzzStored reads values that a damaged or foreign storage may hold. What is taken is a pod of its own
// key, and is stored as it was read.
func FuzzStored(f *testing.F) {
	f.Add("pod/shop_web_1", []byte(good))
	f.Add("namespace/shop", []byte(`{"version":1,"meta":{"name":"shop","labels":{"a":"b"}}}`))
	f.Add("node", []byte(`{"version":1,"meta":{"name":"node-a","uid":"u"}}`))
	f.Add("pod/a_b_c", []byte(`{"version":1,"deleted":true,"pod":{"namespace":"a","name":"b","uid":"c","hash":"h","containers":[{"name":"x","ids":{"1":"y"}}]}}`))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		rules := Rules{
			Metadata: MetadataNames, OTelAnnotations: true,
			Labels: []Field{{Key: "a", From: FromNamespace}, {Key: "a", From: FromNode}},
		}
		c := newCache(&rules)
		store := newMemory()
		store.values[key] = value
		damaged, err := c.load(store)
		require.NoError(t, err)
		known, _ := c.counts()
		if damaged > 0 {
			require.Zero(t, known)
			return
		}
		for k, r := range c.records {
			require.Equal(t, "pod/"+k.String(), key)
			tracked := c.Track(k)
			for _, name := range []string{"x", ""} {
				tracked.Known().Attributes(name, 1)
			}
			var again stored
			require.NoError(t, json.Unmarshal(c.value(key), &again))
			require.True(t, again.Pod.equal(r.pod))
			require.Equal(t, r.deleted, again.Deleted)
		}
	})
}
