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
	created := c.BindPod(t, pod)
	c.RunPod(t, created, pod.Status)
	return created
}

// BindPod creates a pod that is on its node and has not been started: its status is that of a new object.
func (c *Cluster) BindPod(t testing.TB, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	created, err := c.Admin.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	must(t, "create pod", pod.Name, err)
	return created
}

// RunPod gives a pod its status, as the kubelet does when its containers run, and updates it to what the API server has.
func (c *Cluster) RunPod(t testing.TB, pod *corev1.Pod, status corev1.PodStatus) {
	t.Helper()
	pod.Status = status
	updated, err := c.Admin.CoreV1().Pods(pod.Namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	must(t, "update the status of pod", pod.Name, err)
	*pod = *updated
}

// DeletePod deletes a pod at once, as the kubelet does when its containers have ended.
func (c *Cluster) DeletePod(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	none := int64(0)
	err := c.Admin.CoreV1().Pods(pod.Namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &none})
	must(t, "delete pod", pod.Name, err)
}
