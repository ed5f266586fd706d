// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

func TestTypedClientReads(t *testing.T) {
	pod := kubeapi.NewPod("shop", "web", "uid-web", "node-a",
		kubeapi.WithLabels(map[string]string{"tier": "front"}),
		kubeapi.WithAnnotations(map[string]string{"resource.opentelemetry.io/service.name": "storefront"}),
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "uid-rs"),
		kubeapi.WithContainers("app", "proxy"),
		kubeapi.WithIP("10.1.2.3"))
	s := kubeapi.Start(t, pod, kubeapi.NewPod("bank", "vault", "uid-vault", "node-b"))

	for _, encoding := range []string{"application/json", "application/vnd.kubernetes.protobuf", "application/cbor"} {
		t.Run(encoding, func(t *testing.T) {
			cfg := config(t, s)
			cfg.AcceptContentTypes = encoding + ",application/json"
			client, err := kubernetes.NewForConfig(cfg)
			require.NoError(t, err)
			pods := client.CoreV1().Pods("shop")

			got, err := pods.Get(t.Context(), "web", metav1.GetOptions{})
			require.NoError(t, err)
			assert.Equal(t, pod.Spec, got.Spec)
			assert.Equal(t, pod.Labels, got.Labels)
			assert.Equal(t, "7d4b9c6f5d", got.Labels["pod-template-hash"])
			assert.Equal(t, pod.Annotations, got.Annotations)
			assert.Equal(t, pod.OwnerReferences, got.OwnerReferences)
			assert.Equal(t, "10.1.2.3", got.Status.PodIP)
			assert.Regexp(t, "^containerd://[0-9a-f]{64}$", got.Status.ContainerStatuses[1].ContainerID)
			assert.WithinDuration(t, pod.CreationTimestamp.Time, got.CreationTimestamp.Time, 0)
			assert.WithinDuration(t, time.Now(), got.Status.StartTime.Time, time.Minute)

			_, err = pods.Get(t.Context(), "vault", metav1.GetOptions{})
			assert.True(t, apierrors.IsNotFound(err), "%v", err)

			list, err := pods.List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			require.Len(t, list.Items, 1, "a list stays in its namespace")
			assert.NotEmpty(t, list.ResourceVersion)
		})
	}
}

func TestSelectors(t *testing.T) {
	s := kubeapi.Start(t,
		kubeapi.NewPod("shop", "web", "1", "node-a", kubeapi.WithLabels(map[string]string{"tier": "front"})),
		kubeapi.NewPod("shop", "api", "2", "node-a", kubeapi.WithLabels(map[string]string{"tier": "back"})),
		kubeapi.NewPod("bank", "vault", "3", "node-b"))
	pods := typedClient(t, s).CoreV1().Pods("")
	for _, tt := range []struct {
		fields, labels string
		want           []string
	}{
		{want: []string{"vault", "api", "web"}},
		{fields: "spec.nodeName=node-a", want: []string{"api", "web"}},
		{fields: "spec.nodeName!=node-a", want: []string{"vault"}},
		{fields: "metadata.name=web", want: []string{"web"}},
		{fields: "metadata.namespace=bank,status.phase=Running", want: []string{"vault"}},
		{fields: "spec.hostNetwork=true"},
		{labels: "tier in (front,side)", want: []string{"web"}},
		{labels: "!tier", want: []string{"vault"}},
		{fields: "spec.nodeName=node-a", labels: "tier!=front", want: []string{"api"}},
	} {
		list, err := pods.List(t.Context(), metav1.ListOptions{FieldSelector: tt.fields, LabelSelector: tt.labels})
		require.NoError(t, err)
		var got []string
		for i := range list.Items {
			got = append(got, list.Items[i].Name)
		}
		assert.Equal(t, tt.want, got, "fields %q labels %q", tt.fields, tt.labels)
	}

	_, err := pods.List(t.Context(), metav1.ListOptions{FieldSelector: "spec.containers=1"})
	assert.True(t, apierrors.IsBadRequest(err), "a field label no API server supports is refused: %v", err)
	last := s.Requests()[len(s.Requests())-1]
	assert.Positive(t, last.Bytes)
	last.Bytes = 0
	assert.Equal(t, kubeapi.Request{Verb: "list", Resource: "pods", FieldSelector: "spec.containers=1", Status: 400}, last)
}

func TestMetadataClientReadsEveryResource(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "it", UID: "uid-it"}
	s := kubeapi.Start(t,
		kubeapi.NewPod("shop", "it", "uid-it", "node-a"),
		kubeapi.NewNamespace("it", map[string]string{"team": "red"}),
		kubeapi.NewNode("it", "uid-node"),
		kubeapi.NewReplicaSet("shop", "it", "uid-it", ""),
		&appsv1.Deployment{ObjectMeta: meta},
		&appsv1.StatefulSet{ObjectMeta: meta},
		&appsv1.DaemonSet{ObjectMeta: meta},
		&batchv1.Job{ObjectMeta: meta},
		&batchv1.CronJob{ObjectMeta: meta})
	client := metadataClient(t, s)
	discovered, err := typedClient(t, s).Discovery().ServerPreferredResources()
	require.NoError(t, err)

	served := 0
	for _, group := range discovered {
		gv, err := schema.ParseGroupVersion(group.GroupVersion)
		require.NoError(t, err)
		for _, res := range group.APIResources {
			served++
			getter := client.Resource(gv.WithResource(res.Name))
			list, err := getter.List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err, res.Name)
			require.Len(t, list.Items, 1, res.Name)
			assert.Equal(t, "it", list.Items[0].Name)
			namespace := ""
			if res.Namespaced {
				namespace = "shop"
			}
			got, err := getter.Namespace(namespace).Get(t.Context(), "it", metav1.GetOptions{})
			require.NoError(t, err, res.Name)
			assert.Equal(t, list.Items[0].UID, got.UID)
		}
	}
	assert.Equal(t, 9, served)

	_, err = client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).List(t.Context(), metav1.ListOptions{})
	assert.True(t, apierrors.IsNotFound(err), "a resource that is not served is not found: %v", err)
}
