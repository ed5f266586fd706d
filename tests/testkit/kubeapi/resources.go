// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// resource describes one collection of the API.
type resource struct {
	schema.GroupVersionKind
	plural     string
	namespaced bool
	// fields are the field labels that selectors may use besides the name and
	// the namespace, each with the value an object without the field has.
	fields map[string]string
}

// The set is what k8s_attributes can be made to ask for. The field labels are
// those of a real API server, which refuses others, so that a selector that
// only works here cannot slip into a test.
var resources = []resource{
	{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Pod"), plural: "pods", namespaced: true, fields: map[string]string{
		"spec.hostNetwork":         "false",
		"spec.nodeName":            "",
		"spec.restartPolicy":       "",
		"spec.schedulerName":       "",
		"spec.serviceAccountName":  "",
		"status.nominatedNodeName": "",
		"status.phase":             "",
		"status.podIP":             "",
	}},
	{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Namespace"), plural: "namespaces", fields: map[string]string{
		"status.phase": "",
	}},
	{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Node"), plural: "nodes", fields: map[string]string{
		"spec.unschedulable": "false",
	}},
	{GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), plural: "replicasets", namespaced: true},
	{GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("Deployment"), plural: "deployments", namespaced: true},
	{GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("StatefulSet"), plural: "statefulsets", namespaced: true},
	{GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("DaemonSet"), plural: "daemonsets", namespaced: true},
	{GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("Job"), plural: "jobs", namespaced: true},
	{GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("CronJob"), plural: "cronjobs", namespaced: true},
}

// kinds resolves Go types to kinds. It is much smaller than the scheme of
// client-go, which would pull every API group into each test binary.
var kinds = func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(appsv1.AddToScheme(scheme))
	utilruntime.Must(batchv1.AddToScheme(scheme))
	return scheme
}()

func (r *resource) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.plural}
}

// empty is an object of the resource without any value, with the keys that it
// has nevertheless in the JSON of a real server.
func (r *resource) empty() map[string]any {
	object, err := kinds.New(r.GroupVersionKind)
	utilruntime.Must(err)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	utilruntime.Must(err)
	content["kind"], content["apiVersion"] = r.Kind, r.GroupVersion().String()
	return content
}

func findResource(gv schema.GroupVersion, plural string) *resource {
	for i := range resources {
		if r := &resources[i]; r.plural == plural && r.GroupVersion() == gv {
			return r
		}
	}
	return nil
}

// toStored turns a typed (or unstructured) object into the form the server
// keeps, which is independent of the argument and carries its kind.
func toStored(object runtime.Object) (*resource, *unstructured.Unstructured, error) {
	gvks, _, err := kinds.ObjectKinds(object)
	if err != nil {
		return nil, nil, fmt.Errorf("find kind: %w", err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, nil, fmt.Errorf("convert %T: %w", object, err)
	}
	for i := range resources {
		res := &resources[i]
		if res.GroupVersionKind != gvks[0] {
			continue
		}
		// The converter shares nested maps of an unstructured argument, hence
		// the deep copy.
		stored := (&unstructured.Unstructured{Object: content}).DeepCopy()
		stored.SetGroupVersionKind(res.GroupVersionKind)
		switch {
		case stored.GetName() == "":
			return nil, nil, fmt.Errorf("check %s: no name", res.Kind)
		case res.namespaced != (stored.GetNamespace() != ""):
			return nil, nil, fmt.Errorf("check %s %q: namespace %q does not fit the scope of the kind",
				res.Kind, stored.GetName(), stored.GetNamespace())
		}
		return res, stored, nil
	}
	return nil, nil, fmt.Errorf("find resource: kind %s is not served", gvks[0])
}

// metadataOnly reduces an object to the form metadata clients ask for.
func metadataOnly(object map[string]any) map[string]any {
	return map[string]any{
		"kind":       "PartialObjectMetadata",
		"apiVersion": "meta.k8s.io/v1",
		"metadata":   object["metadata"],
	}
}

// withoutKind is how a list carries its items: the list names the kind.
func withoutKind(object map[string]any) map[string]any {
	item := maps.Clone(object)
	delete(item, "kind")
	delete(item, "apiVersion")
	return item
}
