// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NewNamespace creates a namespace, and the service account "default" that pods in it need: there is no controller that does.
func (c *Cluster) NewNamespace(t testing.TB, name string, labels map[string]string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := c.Admin.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{})
	must(t, "create namespace", name, err)
	no := false
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}, AutomountServiceAccountToken: &no}
	_, err = c.Admin.CoreV1().ServiceAccounts(name).Create(t.Context(), account, metav1.CreateOptions{})
	must(t, "create service account default in", name, err)
}

// NewPod creates a pod with its status, as kubeapi.NewPod makes one, and returns what the API server made of it: the UID is
// another one.
func (c *Cluster) NewPod(t testing.TB, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	created, err := c.CreatePod(t, pod)
	must(t, "create pod", pod.Name, err)
	return created
}

// CreatePod is NewPod for goroutines other than that of the test.
func (c *Cluster) CreatePod(t testing.TB, pod *corev1.Pod) (*corev1.Pod, error) {
	pods := c.Admin.CoreV1().Pods(pod.Namespace)
	created, err := pods.Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	// A status that comes with a new object is ignored.
	created.Status = pod.Status
	return pods.UpdateStatus(t.Context(), created, metav1.UpdateOptions{})
}

// DeletePod deletes a pod at once, as the kubelet does when its containers have ended.
func (c *Cluster) DeletePod(t testing.TB, pod *corev1.Pod) error {
	none := int64(0)
	return c.Admin.CoreV1().Pods(pod.Namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &none})
}
