// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// as returns a client that reads the kubeconfig file of an account, once.
func as(t *testing.T, a *Account) client.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", a.Kubeconfig(t))
	require.NoError(t, err)
	c, err := client.NewForConfig(config)
	require.NoError(t, err)
	return c
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := StartCluster(t)
	version, err := c.Admin.Discovery().ServerVersion()
	require.NoError(t, err)
	assert.Equal(t, "v1.34.4", version.GitVersion)

	c.NewNamespace(t, "shop", map[string]string{"team": "red"})
	pod := c.NewPod(t, kubeapi.NewPod("shop", "web", "ignored", "node-a", kubeapi.WithContainers("main"), kubeapi.WithIP("10.1.2.3")))
	assert.NotEqual(t, "ignored", string(pod.UID))
	assert.Equal(t, corev1.PodRunning, pod.Status.Phase)
	assert.Equal(t, "10.1.2.3", pod.Status.PodIP)
	account := c.NewAccount(t, "shop", "reader", Reads("", "pods"))
	ofNode := metav1.ListOptions{FieldSelector: "spec.nodeName=node-a"}
	count := func(c client.Interface) (int, error) {
		list, err := c.CoreV1().Pods("").List(t.Context(), ofNode)
		if err != nil {
			return 0, err
		}
		return len(list.Items), nil
	}

	t.Run("an account may do what its rules say", func(t *testing.T) {
		n, err := count(as(t, account))
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		_, err = as(t, account).CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
		assert.True(t, apierrors.IsForbidden(err), "%v", err)
		err = as(t, account).CoreV1().Pods("shop").Delete(t.Context(), "web", metav1.DeleteOptions{})
		assert.True(t, apierrors.IsForbidden(err), "%v", err)
	})
	t.Run("rules change", func(t *testing.T) {
		account.SetRules(t, Reads("", "nodes"))
		testkit.Eventually(t, time.Minute, "the pods are forbidden", func() bool {
			_, err := count(as(t, account))
			return apierrors.IsForbidden(err)
		})
		account.SetRules(t, Reads("", "pods"))
		testkit.Eventually(t, time.Minute, "the pods are allowed", func() bool {
			_, err := count(as(t, account))
			return err == nil
		})
	})
	t.Run("a revoked token is worth nothing, a new one is", func(t *testing.T) {
		former := as(t, account)
		_, err := count(former)
		require.NoError(t, err)
		account.Revoke(t)
		// The API server remembers for ten seconds whom it knows.
		testkit.Eventually(t, time.Minute, "the token is refused", func() bool {
			_, err := count(former)
			return apierrors.IsUnauthorized(err)
		})
		account.Rotate(t)
		_, err = count(as(t, account))
		require.NoError(t, err)
	})
	t.Run("objects outlive an end of the API server", func(t *testing.T) {
		c.StopAPI(t)
		_, err := count(c.Admin)
		require.ErrorContains(t, err, "connection refused")
		c.StartAPI(t)
		n, err := count(c.Admin)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
	t.Run("a pod is gone at once", func(t *testing.T) {
		c.DeletePod(t, pod)
		n, err := count(c.Admin)
		require.NoError(t, err)
		assert.Zero(t, n)
	})
}
