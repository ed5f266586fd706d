// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// hashLabel is what the deployment controller puts on its replica sets and
// their pods. k8s_attributes derives the name of the deployment with it.
const hashLabel = "pod-template-hash"

// NewNamespace returns an active namespace with the UID "<name>-uid". The
// labels are used as they are and may be nil.
func NewNamespace(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), Labels: labels},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

// NewNode returns a node without labels, addresses or conditions.
func NewNode(name, uid string) *corev1.Node {
	return &corev1.Node{
		TypeMeta:   metav1.TypeMeta{Kind: "Node", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid)},
	}
}

// NewReplicaSet returns a replica set that is controlled by the deployment of
// the given name with the UID "<deployment>-uid". A name of the usual form
// <deployment>-<hash> also yields the pod-template-hash label. An empty
// deployment leaves out owner and label.
func NewReplicaSet(namespace, name, uid, deployment string) *appsv1.ReplicaSet {
	rs := &appsv1.ReplicaSet{
		TypeMeta:   metav1.TypeMeta{Kind: "ReplicaSet", APIVersion: "apps/v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)},
	}
	if deployment == "" {
		return rs
	}
	rs.OwnerReferences = []metav1.OwnerReference{controller("Deployment", deployment, deployment+"-uid")}
	if hash, ok := strings.CutPrefix(name, deployment+"-"); ok {
		rs.Labels = map[string]string{hashLabel: hash}
	}
	return rs
}

// controller returns a reference to the owner that manages an object.
func controller(kind, name, uid string) metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{
		APIVersion:         apiVersionOf(kind),
		Kind:               kind,
		Name:               name,
		UID:                types.UID(uid),
		Controller:         &yes,
		BlockOwnerDeletion: &yes,
	}
}

func apiVersionOf(kind string) string {
	for i := range resources {
		if resources[i].Kind == kind {
			return resources[i].GroupVersion().String()
		}
	}
	return "v1"
}
