// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// listOnce lists pods without the retries that client-go makes after a
// Retry-After.
func listOnce(t *testing.T, s *kubeapi.Server) (int, error) {
	t.Helper()
	list := &corev1.PodList{}
	err := request(t, s).Resource("pods").Do(t.Context()).Into(list)
	return len(list.Items), err
}

func request(t *testing.T, s *kubeapi.Server) *rest.Request {
	t.Helper()
	return typedClient(t, s).CoreV1().RESTClient().Get().MaxRetries(0)
}

func TestStatusesAreWhatClientsTakeThemFor(t *testing.T) {
	s := kubeapi.Start(t)
	for _, tt := range []struct {
		status int
		is     func(error) bool
		says   string
	}{
		{status: 401, is: apierrors.IsUnauthorized, says: "Unauthorized"},
		{status: 403, is: apierrors.IsForbidden, says: `pods is forbidden: User "somebody" cannot list resource "pods" in API group "" at the cluster scope`},
		{status: 404, is: apierrors.IsNotFound, says: "the server could not find the requested resource"},
		{status: 410, is: apierrors.IsResourceExpired},
		{status: 429, is: apierrors.IsTooManyRequests},
		{status: 500, is: apierrors.IsInternalError},
		{status: 503, is: apierrors.IsServiceUnavailable},
		{status: 504, is: apierrors.IsTimeout},
	} {
		s.SetFault(kubeapi.Fault{Status: tt.status, RetryAfter: 1500 * time.Millisecond})
		_, err := listOnce(t, s)
		assert.True(t, tt.is(err), "%d: %v", tt.status, err)
		require.ErrorContains(t, err, tt.says)
		seconds, suggested := apierrors.SuggestsClientDelay(err)
		assert.True(t, suggested, "%d", tt.status)
		assert.Equal(t, 2, seconds, "%d", tt.status)
		requests := s.Requests()
		assert.Equal(t, tt.status, requests[len(requests)-1].Status)
	}
	assert.Equal(t, 8, s.Faulted())
	s.ClearFault()
	_, err := listOnce(t, s)
	require.NoError(t, err)
}

// client-go itself comes back after a Retry-After, and the server counts that.
func TestClientsObeyRetryAfter(t *testing.T) {
	s := kubeapi.Start(t)
	s.SetFault(kubeapi.Fault{Status: 429, RetryAfter: time.Second, Times: 1})
	start := time.Now()
	_, err := typedClient(t, s).CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(start), time.Second)
	assert.Len(t, s.Requests(), 2)
}

func TestFaultsAreForTheRequestsTheyName(t *testing.T) {
	s := kubeapi.Start(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"), kubeapi.NewNode("node-a", "uid-node"))
	client := typedClient(t, s).CoreV1()
	s.SetFault(
		kubeapi.Fault{Verb: "list", Resource: "pods", Status: 403, Times: 2},
		kubeapi.Fault{Verb: "watch", Status: 500})
	for range 2 {
		_, err := client.Pods("").List(t.Context(), metav1.ListOptions{})
		assert.True(t, apierrors.IsForbidden(err), "%v", err)
	}
	_, err := client.Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err, "a number of requests is a number")
	_, err = client.Pods("shop").Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err, "another verb")
	_, err = client.Nodes().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err, "another resource")
	_, err = client.Nodes().Watch(t.Context(), metav1.ListOptions{})
	require.Error(t, err, "every resource, until it is taken back")
	last := s.Requests()[5]
	last.Bytes = 0
	assert.Equal(t, kubeapi.Request{Verb: "watch", Resource: "nodes", Status: 500}, last)
	named := s.Requests()[3]
	assert.Equal(t, "get shop/web", named.Verb+" "+named.Namespace+"/"+named.Name)
}

func TestSlowAnswers(t *testing.T) {
	s := kubeapi.Start(t)
	s.SetFault(kubeapi.Fault{Verb: "list", Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	client := typedClient(t, s)
	listed := make(chan error, 1)
	go func() {
		_, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		listed <- err
	}()
	eventually(t, func() bool { return s.Faulted() == 1 }, "the request is held back")
	assert.Zero(t, s.Requests()[0].Status)
	cancel()
	require.ErrorIs(t, <-listed, context.Canceled)

	s.SetFault(kubeapi.Fault{Delay: time.Millisecond})
	_, err := listOnce(t, s)
	require.NoError(t, err, "a slow answer is a good one")

	s.SetFault(kubeapi.Fault{Delay: time.Hour, Times: 1})
	go func() {
		_, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
		listed <- err
	}()
	eventually(t, func() bool { return s.Faulted() == 3 }, "the request is held back")
	s.SetDown(true)
	require.Error(t, <-listed, "an outage ends what is held back")
}

func TestAnswersThatAreCut(t *testing.T) {
	for name, start := range map[string]func(testing.TB, *corev1.Pod) *kubeapi.Server{
		"HTTP/1.1": func(t testing.TB, pod *corev1.Pod) *kubeapi.Server { return kubeapi.Start(t, pod) },
		"HTTP/2":   func(t testing.TB, pod *corev1.Pod) *kubeapi.Server { return kubeapi.StartTLS(t, pod) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"))
			raw := func() (string, error) {
				stream, err := request(t, s).Resource("pods").Stream(t.Context())
				if err != nil {
					return "", err
				}
				defer func() { assert.NoError(t, stream.Close()) }()
				body, err := io.ReadAll(stream)
				return string(body), err
			}
			whole, err := raw()
			require.NoError(t, err)

			s.SetFault(kubeapi.Fault{Truncate: true})
			half, err := raw()
			require.NoError(t, err)
			assert.Equal(t, whole[:len(whole)/2], half)
			_, err = listOnce(t, s)
			require.ErrorContains(t, err, "unexpected end of JSON input")

			s.SetFault(kubeapi.Fault{Truncate: true, Disconnect: true})
			half, err = raw()
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(whole, half))
			s.SetFault(kubeapi.Fault{Disconnect: true})
			_, err = raw()
			require.Error(t, err)
			requests := s.Requests()
			assert.Zero(t, requests[len(requests)-1].Status)

			s.SetFault(kubeapi.Fault{Verb: "watch", Truncate: true, Times: 1})
			w := open(t, s, metav1.ListOptions{})
			ends(t, w)
			expect(t, open(t, s, metav1.ListOptions{}), watch.Added, "web")
		})
	}
}

func TestWatchesThatAreDropped(t *testing.T) {
	s := kubeapi.Start(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"))
	w := open(t, s, metav1.ListOptions{AllowWatchBookmarks: true})
	seen := expect(t, w, watch.Added, "web")
	assert.Equal(t, 1, s.OpenWatches())
	s.DropWatches()
	ends(t, w)
	eventually(t, func() bool { return s.OpenWatches() == 0 }, "the watch is no longer open")

	s.Add(kubeapi.NewPod("shop", "api", "uid-api", "node-a"))
	resumed := open(t, s, metav1.ListOptions{ResourceVersion: seen.ResourceVersion})
	expect(t, resumed, watch.Added, "api")
	requests := s.Requests()
	assert.Equal(t, seen.ResourceVersion, requests[1].ResourceVersion)
}

func TestWatchesThatAreSilent(t *testing.T) {
	s := kubeapi.Start(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"))
	s.SetFault(kubeapi.Fault{Verb: "watch", Silent: true, Times: 1})
	second := int64(1)
	silent := open(t, s, metav1.ListOptions{AllowWatchBookmarks: true, TimeoutSeconds: &second})
	expect(t, silent, watch.Added, "web")

	// The other watch sees a change and its end; the silent one sees neither.
	other := open(t, s, metav1.ListOptions{TimeoutSeconds: &second})
	expect(t, other, watch.Added, "web")
	s.Add(kubeapi.NewPod("shop", "api", "uid-api", "node-a"))
	expect(t, other, watch.Added, "api")
	ends(t, other)
	select {
	case event, ok := <-silent.ResultChan():
		require.Fail(t, "the watch is not silent", "%v %v", event, ok)
	default:
	}
	s.DropWatches()
	ends(t, silent)
}

func TestBookmarksThatDoNotCome(t *testing.T) {
	s := kubeapi.Start(t)
	s.SetFault(kubeapi.Fault{NoBookmarks: true})
	yes, second := true, int64(1)
	w := open(t, s, metav1.ListOptions{
		FieldSelector: "spec.nodeName=node-a", AllowWatchBookmarks: true, SendInitialEvents: &yes,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, TimeoutSeconds: &second,
	})
	expect(t, w, watch.Bookmark, "")
	s.Add(kubeapi.NewPod("shop", "far", "uid-far", "node-b"))
	s.Add(kubeapi.NewPod("shop", "near", "uid-near", "node-a"))
	expect(t, w, watch.Added, "near")
	ends(t, w)
}

func TestHistoryThatIsCompacted(t *testing.T) {
	pod := kubeapi.NewPod("shop", "web", "uid-web", "node-a")
	s := kubeapi.Start(t, pod)
	first := open(t, s, metav1.ListOptions{})
	seen := expect(t, first, watch.Added, "web")
	s.Update(pod)
	s.Compact()
	expect(t, first, watch.Modified, "web")
	assert.Equal(t, 1, s.OpenWatches(), "an open watch goes on")

	late := open(t, s, metav1.ListOptions{ResourceVersion: seen.ResourceVersion})
	event := <-late.ResultChan()
	assert.Equal(t, watch.Error, event.Type)
	err := apierrors.FromObject(event.Object)
	assert.True(t, apierrors.IsResourceExpired(err), "%v", err)
	require.ErrorContains(t, err, "too old resource version: ")
	ends(t, late)
	requests := s.Requests()
	assert.Equal(t, 200, requests[len(requests)-1].Status, "a watch that has begun has no other status")

	list, err := typedClient(t, s).CoreV1().Pods("").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	s.Delete(pod)
	expect(t, open(t, s, metav1.ListOptions{ResourceVersion: list.ResourceVersion}), watch.Deleted, "web")
}

// An informer that all of this happens to knows the truth in the end.
func TestInformerRecoversFromFaults(t *testing.T) {
	for name, trouble := range map[string]func(*kubeapi.Server){
		"dropped watches":   (*kubeapi.Server).DropWatches,
		"compacted history": func(s *kubeapi.Server) { s.SetDown(true); s.Compact(); s.SetDown(false) },
		"refused requests": func(s *kubeapi.Server) {
			s.SetFault(kubeapi.Fault{Status: 403, Times: 1}, kubeapi.Fault{Status: 500, Times: 1})
			s.DropWatches()
		},
		"cut answers": func(s *kubeapi.Server) { s.SetFault(kubeapi.Fault{Truncate: true, Times: 1}); s.DropWatches() },
	} {
		t.Run(name, func(t *testing.T) {
			s := kubeapi.StartTLS(t, kubeapi.NewPod("shop", "before", "uid-1", "node-a"))
			informer := runInformer(t, podsOf(typedClient(t, s), "", ""), &corev1.Pod{}, nil)
			trouble(s)
			s.Add(kubeapi.NewPod("shop", "after", "uid-2", "node-a"))
			eventually(t, sees(informer, "shop/after"), "the informer watches again")
		})
	}
}

func TestHugeObjects(t *testing.T) {
	huge := strings.Repeat("0123456789abcdef", 1<<16)
	s := kubeapi.StartTLS(t)
	w := open(t, s, metav1.ListOptions{})
	s.Add(kubeapi.NewPod("shop", "web", "uid-web", "node-a", kubeapi.WithAnnotations(map[string]string{"huge": huge})))
	assert.Equal(t, huge, expect(t, w, watch.Added, "web").Annotations["huge"])
	got, err := listOnce(t, s)
	require.NoError(t, err)
	assert.Equal(t, 1, got)
	assert.Greater(t, s.Requests()[1].Bytes, int64(len(huge)))
}
