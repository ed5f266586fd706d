// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestWatch(t *testing.T) {
	bubble(t, "a pod is known at once, follows its changes, and stays known when it is deleted", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web, podOf("shop", "far", "2", func(p *corev1.Pod) { p.Spec.NodeName = "node-b" }))
		w := start(t, s, nil, Rules{})
		defer w.Close()
		changes := w.Changes()
		defer changes.Stop()
		tracked := w.Track(keyOf(web))
		pass(0)
		assert.Equal(t, "1", label(tracked))
		select { // Unless the pod was known before it was tracked.
		case <-changes.Signal():
		default:
		}

		s.set(podOf("shop", "web", "1", withLabel("new")))
		<-changes.Signal()
		assert.Equal(t, "new", label(tracked))
		s.remove(web)
		pass(time.Hour)
		assert.Equal(t, "1", label(tracked), "with the last state that it had")
		assert.Equal(t, 1, w.Stats().Known)
		tracked.Forget()
		tracked.Forget()
		assert.Equal(t, 0, w.Stats().Known, "nothing is left of it")
		assert.Empty(t, w.said())
		for _, r := range s.seen() {
			assert.Equal(t, "spec.nodeName=node-a", r.call.query.Get("fieldSelector"))
		}
	})

	bubble(t, "a quiet day has one list, and the watch moves on with bookmarks", func(t *testing.T) {
		s := newServer(podOf("shop", "web", "1"))
		w := start(t, s, nil, Rules{})
		defer w.Close()
		for range 24 * 60 {
			s.set(podOf("shop", "far", "2", func(p *corev1.Pod) { p.Spec.NodeName = "node-b" }))
			pass(time.Minute)
			s.mu.Lock()
			s.floor = s.version - 3 // What is older than two minutes is forgotten.
			s.mu.Unlock()
		}
		assert.Equal(t, 1, s.count("list pods"))
		assert.InDelta(t, 24*3600/45, s.count("watch pods"), 2)
		assert.Empty(t, w.said())
		assert.Zero(t, w.Stats().Restarts[podsResource])
		assert.LessOrEqual(t, w.Stats().Silent[podsResource], 45*time.Second)
	})

	bubble(t, "a silent watch is begun again where it was, without a list", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(time.Second)
		s.setMute(true)
		s.set(podOf("shop", "web", "1", withLabel("new")))
		pass(10 * time.Second)
		s.mu.Lock()
		connects := s.connects
		s.mute = false // The watch that there is stays mute.
		s.mu.Unlock()
		require.Equal(t, "1", label(tracked))
		pass(41 * time.Second)
		assert.Equal(t, "new", label(tracked), "52 s after the change")
		assert.Equal(t, 1, s.count("list pods"))
		assert.Equal(t, int64(1), w.Stats().Restarts[podsResource])
		assert.Equal(t, connects+1, s.connects, "the old connection may be dead")
		assert.Empty(t, w.said())
	})

	bubble(t, "a watch that was cut goes on where it was, without a list and without a word", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		var pipe *io.PipeWriter
		s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
			if c.verb != "watch" || pipe != nil {
				return nil, nil
			}
			var body io.ReadCloser
			body, pipe = io.Pipe()
			return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}}, nil
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(20 * time.Second)
		s.set(podOf("shop", "web", "1", withLabel("new")))
		require.Equal(t, "1", label(tracked))
		require.NoError(t, pipe.CloseWithError(errors.New("connection reset by peer")))
		pass(time.Second)
		assert.Equal(t, "new", label(tracked))
		assert.Equal(t, 1, s.count("list pods"))
		assert.Empty(t, w.said())
	})

	bubble(t, "a version that is forgotten takes one list", func(t *testing.T) {
		web, old := podOf("shop", "web", "1"), podOf("shop", "old", "2")
		s := newServer(web, old)
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked, gone := w.Track(keyOf(web)), w.Track(keyOf(old))
		pass(time.Second)
		s.setMute(true)
		s.set(podOf("shop", "web", "1", withLabel("new")))
		s.remove(old)
		s.forget()
		pass(0)
		s.setMute(false)
		pass(time.Minute)
		assert.Equal(t, "new", label(tracked))
		assert.Equal(t, "2", label(gone), "tracked, and so still known")
		assert.Equal(t, 2, s.count("list pods"))
		assert.Equal(t, 2, w.Stats().Known)
		gone.Release()
		pass(11 * time.Minute)
		assert.Equal(t, 1, w.Stats().Known)
	})

	bubble(t, "a server that forgets everything at once is not asked all the time", func(t *testing.T) {
		s := newServer(podOf("shop", "web", "1"))
		s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
			if c.verb == "watch" {
				return answer(http.StatusGone, `{"message":"too old"}`), nil
			}
			return nil, nil
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		pass(10 * time.Minute)
		assert.Less(t, len(s.seen()), 10*60/5)
	})

	bubble(t, "a server that ends watches at once is not asked all the time", func(t *testing.T) {
		s := newServer(podOf("shop", "web", "1"))
		s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
			if c.verb == "watch" {
				return answer(http.StatusOK, ""), nil
			}
			return nil, nil
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		pass(10 * time.Minute)
		assert.Less(t, len(s.seen()), 8+10*60/10)
		assert.Equal(t, []string{"API server is ill"}, w.said())
		require.ErrorContains(t, w.errs[0], "watch pods: the watch has ended at once")
		s.setFault(nil)
		pass(20 * time.Second)
		assert.Equal(t, []string{"API server is ill", "API server is well"}, w.said())
	})

	bubble(t, "namespaces and the node are watched only if something of them is asked for", func(t *testing.T) {
		namespace := &corev1.Namespace{}
		namespace.Name, namespace.Labels = "shop", map[string]string{"team": "red", "other": "x"}
		node := &corev1.Node{}
		node.Name, node.UID, node.Labels = "node-a", "uid-node", map[string]string{"zone": "z1", "other": "x"}
		web := podOf("shop", "web", "1")
		s := newServer(web, namespace, node)

		w := start(t, s, nil, Rules{Metadata: []string{"k8s.node.name"}})
		pass(time.Hour)
		w.Close()
		assert.Len(t, s.seen(), s.count("list pods")+s.count("watch pods"))

		w = start(t, s, nil, Rules{
			Metadata: []string{"k8s.node.uid"},
			Labels:   []Field{{Key: "zone", TagName: "zone", From: FromNode}, {Key: "team", From: FromNamespace}},
		})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		pass(time.Second)
		assert.Equal(t, []Attribute{{"k8s.namespace.labels.team", "red"}, {"k8s.node.uid", "uid-node"}, {"zone", "z1"}},
			tracked.Known().Attributes("app", 0))
		assert.Equal(t, map[string]string{"team": "red"}, tracked.Known().NamespaceLabels())
		namespace.Labels["team"], node.Labels["zone"] = "blue", "z2"
		s.set(namespace)
		s.set(node)
		pass(0)
		assert.Equal(t, []Attribute{{"k8s.namespace.labels.team", "blue"}, {"k8s.node.uid", "uid-node"}, {"zone", "z2"}},
			tracked.Known().Attributes("app", 0))
		for _, r := range s.seen() {
			if r.call.resource == nodesResource {
				assert.Equal(t, "metadata.name=node-a", r.call.query.Get("fieldSelector"))
			}
		}
	})
}

func TestListsMayComeInPages(t *testing.T) {
	bubble(t, "if the server wants so", func(t *testing.T) {
		one, two := podOf("shop", "one", "1"), podOf("shop", "two", "2")
		s := newServer(one, two)
		s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
			switch {
			case c.verb != "list":
				return nil, nil
			case c.query.Get("continue") == "":
				assert.Equal(t, "0", c.query.Get("resourceVersion"))
				assert.Empty(t, c.query.Get("limit"), "a limit would take the list past the server's cache")
				return answer(http.StatusOK, `{"metadata":{"resourceVersion":"102","continue":"next"},"items":[`+encode(one)+`]}`), nil
			}
			assert.Empty(t, c.query.Get("resourceVersion"))
			return answer(http.StatusOK, `{"metadata":{"resourceVersion":"102"},"items":[`+encode(two)+`]}`), nil
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		pass(time.Second)
		assert.Equal(t, 2, w.Stats().Known)
		assert.Equal(t, 2, s.count("list pods"))
	})
}

func TestTheNodeOfTheOwnPod(t *testing.T) {
	bubble(t, "is asked for until somebody knows it", func(t *testing.T) {
		s := newServer(podOf("shop", "web", "1"))
		r := &run{t: t}
		r.Watcher = New(Config{Own: Key{Namespace: "logs", Name: "agent"}, Connect: s.connect, Tell: r.hear})
		r.Start()
		defer r.Close()
		pass(10 * time.Minute)
		assert.Zero(t, s.count("list pods"))
		assert.Less(t, len(s.seen()), 10*60/30+2)
		require.Len(t, r.said(), 1)
		assert.True(t, strings.HasSuffix(r.errs[0].Error(), "not found; set the name of the node by the environment variable K8S_NODE_NAME, "+
			"`valueFrom: {fieldRef: {fieldPath: spec.nodeName}}`"), "%v", r.errs[0])
		s.set(podOf("logs", "agent", "2"))
		pass(time.Minute)
		assert.Equal(t, 2, r.Stats().Known)
		assert.Equal(t, []string{"name of the node is ill", "name of the node is well"}, r.said())
	})
}
