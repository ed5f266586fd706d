// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// open starts a watch on pods of all namespaces.
func open(t *testing.T, s *kubeapi.Server, opts metav1.ListOptions) watch.Interface {
	t.Helper()
	w, err := typedClient(t, s).CoreV1().Pods("").Watch(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(w.Stop)
	return w
}

// next waits for an event and returns it with its pod.
func next(t *testing.T, w watch.Interface) (watch.EventType, *corev1.Pod) {
	t.Helper()
	select {
	case event, ok := <-w.ResultChan():
		require.True(t, ok, "the watch has ended")
		pod, ok := event.Object.(*corev1.Pod)
		require.True(t, ok, "%T", event.Object)
		return event.Type, pod
	case <-time.After(patience):
		require.FailNow(t, "no event")
		return "", nil
	}
}

func ends(t *testing.T, w watch.Interface) {
	t.Helper()
	select {
	case event, ok := <-w.ResultChan():
		require.False(t, ok, "%v", event)
	case <-time.After(patience):
		require.FailNow(t, "the watch goes on")
	}
}

func expect(t *testing.T, w watch.Interface, event watch.EventType, name string) *corev1.Pod {
	t.Helper()
	gotEvent, pod := next(t, w)
	require.Equal(t, event, gotEvent)
	require.Equal(t, name, pod.Name)
	return pod
}

func TestWatchResumesAfterResourceVersion(t *testing.T) {
	pod := kubeapi.NewPod("shop", "web", "uid-web", "node-a")
	s := kubeapi.Start(t, pod)
	w := open(t, s, metav1.ListOptions{})
	seen := expect(t, w, watch.Added, "web")

	s.Update(pod)
	s.Delete(pod)
	resumed := open(t, s, metav1.ListOptions{ResourceVersion: seen.ResourceVersion})
	for _, follower := range []watch.Interface{w, resumed} {
		updated := expect(t, follower, watch.Modified, "web")
		assert.NotEqual(t, seen.ResourceVersion, updated.ResourceVersion)
		assert.Equal(t, seen.UID, updated.UID)
		deleted := expect(t, follower, watch.Deleted, "web")
		assert.NotEqual(t, updated.ResourceVersion, deleted.ResourceVersion)
	}
}

func TestWatchBookmarks(t *testing.T) {
	s := kubeapi.Start(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"))
	yes := true
	w := open(t, s, metav1.ListOptions{
		FieldSelector:        "spec.nodeName=node-a",
		AllowWatchBookmarks:  true,
		SendInitialEvents:    &yes,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	expect(t, w, watch.Added, "web")
	end := expect(t, w, watch.Bookmark, "")
	assert.Equal(t, "true", end.Annotations[metav1.InitialEventsAnnotationKey])

	s.Add(kubeapi.NewPod("shop", "far", "uid-far", "node-b"))
	passed := expect(t, w, watch.Bookmark, "")
	assert.Empty(t, passed.Annotations)
	assert.NotEqual(t, end.ResourceVersion, passed.ResourceVersion, "a bookmark moves on past a hidden change")
}

func TestWatchEndsAtItsTimeout(t *testing.T) {
	s := kubeapi.Start(t)
	seconds := int64(1)
	ends(t, open(t, s, metav1.ListOptions{TimeoutSeconds: &seconds}))
}

func TestOutageEndsWatchesAndRefusesEverything(t *testing.T) {
	s := kubeapi.Start(t)
	client := typedClient(t, s)
	w := open(t, s, metav1.ListOptions{})
	s.SetDown(true)
	s.Add(kubeapi.NewPod("shop", "hidden", "uid", "node-a"))
	ends(t, w)

	_, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.True(t, apierrors.IsServiceUnavailable(err), "%v", err)
	_, err = client.Discovery().ServerVersion()
	require.Error(t, err)

	s.SetDown(false)
	version, err := client.Discovery().ServerVersion()
	require.NoError(t, err)
	assert.Equal(t, "1", version.Major)
	list, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.Len(t, list.Items, 1)
}

func TestStopEndsWatches(t *testing.T) {
	var w watch.Interface
	t.Run("lifetime of the server", func(t *testing.T) {
		s := kubeapi.Start(t)
		var err error
		// The context outlives the subtest, so that only the server can end
		// this watch.
		w, err = typedClient(t, s).CoreV1().Pods("").Watch(context.Background(), metav1.ListOptions{})
		require.NoError(t, err)
	})
	ends(t, w)
}

func TestMisuseFailsTheTest(t *testing.T) {
	pod := kubeapi.NewPod("shop", "web", "uid-web", "node-a")
	for name, misuse := range map[string]func(*kubeapi.Server){
		"add twice":         func(s *kubeapi.Server) { s.Add(pod) },
		"update of nothing": func(s *kubeapi.Server) { s.Update(kubeapi.NewNode("node-a", "uid")) },
		"delete of nothing": func(s *kubeapi.Server) { s.Delete(kubeapi.NewNode("node-a", "uid")) },
		"unserved kind":     func(s *kubeapi.Server) { s.Add(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "a"}}) },
		"no namespace":      func(s *kubeapi.Server) { s.Add(kubeapi.NewPod("", "web", "uid", "node-a")) },
		"no name":           func(s *kubeapi.Server) { s.Add(kubeapi.NewNode("", "uid")) },
		"unknown type":      func(s *kubeapi.Server) { s.Add(&runtime.Unknown{}) },
	} {
		t.Run(name, func(t *testing.T) {
			failures := &recorder{TB: t}
			s := kubeapi.Start(failures, pod)
			require.Zero(t, failures.count)
			misuse(s)
			assert.Equal(t, 1, failures.count)
		})
	}
}

// recorder counts the failures that the server reports.
type recorder struct {
	testing.TB
	count int
}

func (r *recorder) Errorf(string, ...any) { r.count++ }
