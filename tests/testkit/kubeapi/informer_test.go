// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

func podsOf(client kubernetes.Interface, namespace, fieldSelector string) listWatch {
	return listWatch{
		list: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			opts.FieldSelector = fieldSelector
			return client.CoreV1().Pods(namespace).List(ctx, opts)
		},
		watch: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			opts.FieldSelector = fieldSelector
			return client.CoreV1().Pods(namespace).Watch(ctx, opts)
		},
	}
}

// modes are the two ways in which client-go fills a cache.
var modes = []struct {
	name      string
	semantics any
	verbs     []string
}{
	{name: "watch-list", verbs: []string{"watch"}},
	{name: "list then watch", semantics: listThenWatch{}, verbs: []string{"list", "watch"}},
}

func TestInformerFollowsChanges(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			web := kubeapi.NewPod("shop", "web", "uid-web", "node-a", kubeapi.WithLabels(map[string]string{"tier": "front"}))
			s := kubeapi.Start(t, web, kubeapi.NewPod("shop", "far", "uid-far", "node-b"))
			informer := runInformer(t, podsOf(typedClient(t, s), "", "spec.nodeName=node-a"), &corev1.Pod{}, mode.semantics)
			assert.Equal(t, []string{"shop/web"}, names(informer))

			s.Add(kubeapi.NewPod("shop", "other", "uid-other", "node-b"))
			s.Add(kubeapi.NewPod("bank", "vault", "uid-vault", "node-a"))
			eventually(t, sees(informer, "bank/vault"), "an added pod appears")
			assert.NotContains(t, names(informer), "shop/other", "a pod of another node stays hidden")

			web.Labels["tier"] = "back"
			s.Update(web)
			eventually(t, func() bool { return label(informer, "shop/web", "tier") == "back" }, "an update appears")

			s.Delete(web)
			eventually(t, func() bool { return !sees(informer, "shop/web")() }, "a deleted pod disappears")

			// The list and the watch after it are one request each, and every
			// one of them names the node.
			eventually(t, func() bool { return len(s.Requests()) >= len(mode.verbs) }, "the requests arrive")
			var verbs []string
			for _, r := range s.Requests() {
				verbs = append(verbs, r.Verb)
				assert.Equal(t, "pods spec.nodeName=node-a", r.Resource+" "+r.FieldSelector)
				assert.Equal(t, 200, r.Status)
			}
			assert.Equal(t, mode.verbs, verbs)
		})
	}
}

func label(informer cache.SharedInformer, key, name string) string {
	item, exists, err := informer.GetStore().GetByKey(key)
	pod, ok := item.(*corev1.Pod)
	if err != nil || !exists || !ok {
		return ""
	}
	return pod.Labels[name]
}

func TestInformerSeesPodsEnterAndLeaveItsSelector(t *testing.T) {
	pod := kubeapi.NewPod("shop", "web", "uid-web", "")
	s := kubeapi.Start(t, pod)
	informer := runInformer(t, podsOf(typedClient(t, s), "shop", "spec.nodeName=node-a,status.phase!=Failed"), &corev1.Pod{}, nil)
	assert.Empty(t, names(informer))

	pod.Spec.NodeName = "node-a"
	s.Update(pod)
	eventually(t, sees(informer, "shop/web"), "a scheduled pod appears")

	pod.Status.Phase = corev1.PodFailed
	s.Update(pod)
	eventually(t, func() bool { return !sees(informer, "shop/web")() }, "a failed pod disappears")
}

func TestInformerRecoversFromOutage(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			before, gone := kubeapi.NewPod("shop", "before", "uid-1", "node-a"), kubeapi.NewPod("shop", "gone", "uid-2", "node-a")
			s := kubeapi.Start(t, before, gone)
			client := typedClient(t, s)
			informer := runInformer(t, podsOf(client, "", ""), &corev1.Pod{}, mode.semantics)

			s.SetDown(true)
			asked := len(s.Requests())
			s.Add(kubeapi.NewPod("shop", "meanwhile", "uid-3", "node-a"))
			s.Delete(gone)
			_, err := client.CoreV1().Pods("shop").Get(context.Background(), "before", metav1.GetOptions{})
			require.ErrorContains(t, err, "outage")
			eventually(t, func() bool { return len(s.Requests()) > asked+1 }, "the informer notices the outage")
			assert.ElementsMatch(t, []string{"shop/before", "shop/gone"}, names(informer), "the cache outlives the outage unchanged")

			s.SetDown(false)
			eventually(t, sees(informer, "shop/meanwhile"), "an addition during the outage appears")
			eventually(t, func() bool { return !sees(informer, "shop/gone")() }, "a deletion during the outage appears")
			s.Add(kubeapi.NewPod("shop", "after", "uid-4", "node-a"))
			eventually(t, sees(informer, "shop/after"), "the informer watches again")
		})
	}
}

func TestMetadataInformer(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			s := kubeapi.Start(t, kubeapi.NewReplicaSet("shop", "web-7d4b9c6f5d", "uid-rs", "web"))
			replicaSets := metadataClient(t, s).Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"})
			informer := runInformer(t, listWatch{
				list: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
					return replicaSets.List(ctx, opts)
				},
				watch: replicaSets.Watch,
			}, &metav1.PartialObjectMetadata{}, mode.semantics)

			item, exists, err := informer.GetStore().GetByKey("shop/web-7d4b9c6f5d")
			require.NoError(t, err)
			require.True(t, exists)
			meta, ok := item.(*metav1.PartialObjectMetadata)
			require.True(t, ok, "%T", item)
			owners := meta.OwnerReferences
			require.Len(t, owners, 1)
			assert.Equal(t, "Deployment", owners[0].Kind)
			assert.Equal(t, "web", owners[0].Name)

			s.Add(kubeapi.NewReplicaSet("shop", "api-6c8f9d7b5c", "uid-rs2", "api"))
			eventually(t, sees(informer, "shop/api-6c8f9d7b5c"), "an added replica set appears")
		})
	}
}
