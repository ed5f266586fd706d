// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// PodOption changes a pod that NewPod is building. Options apply in order.
type PodOption func(*corev1.Pod)

// NewPod returns a running pod that was created and started in the present
// second, UTC. It has no containers, labels, owner or IP address unless
// options add them. An empty node leaves it unscheduled, but still running.
func NewPod(namespace, name, uid, node string, opts ...PodOption) *corev1.Pod {
	now := metav1.Now().Rfc3339Copy()
	now.Time = now.UTC()
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace:         namespace,
			Name:              name,
			UID:               types.UID(uid),
			CreationTimestamp: now,
		},
		Spec:   corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now},
	}
	for _, opt := range opts {
		opt(pod)
	}
	return pod
}

// WithLabels adds labels, replacing those of the same key.
func WithLabels(labels map[string]string) PodOption {
	return func(pod *corev1.Pod) { pod.Labels = merged(pod.Labels, labels) }
}

// WithAnnotations adds annotations, replacing those of the same key.
func WithAnnotations(annotations map[string]string) PodOption {
	return func(pod *corev1.Pod) { pod.Annotations = merged(pod.Annotations, annotations) }
}

func merged(into, from map[string]string) map[string]string {
	out := make(map[string]string, len(into)+len(from))
	maps.Copy(out, into)
	maps.Copy(out, from)
	return out
}

// templateHash matches the end of the name of a replica set that a deployment
// made. Hashes are written with these letters, which form no words.
var templateHash = regexp.MustCompile(`-([bcdfghjklmnpqrstvwxz2456789]{6,10})$`)

// WithOwner makes the object of the given kind the controller of the pod. The
// kind is one of those served here, such as ReplicaSet or Job; the owner need
// not exist. If a ReplicaSet has a name that ends in the hash of a deployment,
// such as web-7d4b9c6f5d, the pod also gets the label pod-template-hash, unless
// it has one: k8s_attributes finds no k8s.deployment.name without.
func WithOwner(kind, name, uid string) PodOption {
	return func(pod *corev1.Pod) {
		pod.OwnerReferences = append(pod.OwnerReferences, controller(kind, name, uid))
		if hash := templateHash.FindStringSubmatch(name); hash != nil && kind == "ReplicaSet" {
			pod.Labels = merged(map[string]string{hashLabel: hash[1]}, pod.Labels)
		}
	}
}

// WithContainers adds running containers with the image
// registry.example/<name>:1.0. Their statuses carry an image ID with a digest
// and a container ID, containerd://<64 hexadecimal digits>, that follows from
// the names of namespace, pod and container alone.
func WithContainers(names ...string) PodOption {
	return func(pod *corev1.Pod) {
		for _, name := range names {
			image := "registry.example/" + name
			id := sha256.Sum256([]byte(pod.Namespace + "/" + pod.Name + "/" + name))
			digest := sha256.Sum256([]byte(image))
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, Image: image + ":1.0"})
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
				Name:        name,
				Image:       image + ":1.0",
				ImageID:     fmt.Sprintf("%s@sha256:%x", image, digest),
				ContainerID: fmt.Sprintf("containerd://%x", id),
				Ready:       true,
				State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: *pod.Status.StartTime}},
			})
		}
	}
}

// WithIP sets the IP address of the pod.
func WithIP(ip string) PodOption {
	return func(pod *corev1.Pod) {
		pod.Status.PodIP = ip
		pod.Status.PodIPs = []corev1.PodIP{{IP: ip}}
	}
}
