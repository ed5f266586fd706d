// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Workload is an object that makes pods.
type Workload struct {
	Kind, Namespace, Name string
	// Template is what its pods are made of.
	Template corev1.PodTemplateSpec
	// Claims are the volumes that each of its pods has a claim of its own for.
	Claims []string
}

// String is how kubectl names it: "DaemonSet/tributary".
func (w *Workload) String() string { return w.Kind + "/" + w.Name }

// Workloads returns the objects that make pods. A field that Kubernetes does not know is an error.
func Workloads(objects []*unstructured.Unstructured) ([]*Workload, error) {
	var all []*Workload
	for _, object := range objects {
		w := &Workload{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName()}
		var err error
		switch w.Kind {
		case "DaemonSet":
			w.Template, err = template(object, func(o *appsv1.DaemonSet) corev1.PodTemplateSpec { return o.Spec.Template })
		case "Deployment":
			w.Template, err = template(object, func(o *appsv1.Deployment) corev1.PodTemplateSpec { return o.Spec.Template })
		case "StatefulSet":
			w.Template, err = template(object, func(o *appsv1.StatefulSet) corev1.PodTemplateSpec {
				for _, claim := range o.Spec.VolumeClaimTemplates {
					w.Claims = append(w.Claims, claim.Name)
				}
				return o.Spec.Template
			})
		case "Job":
			w.Template, err = template(object, func(o *batchv1.Job) corev1.PodTemplateSpec { return o.Spec.Template })
		case "CronJob":
			w.Template, err = template(object, func(o *batchv1.CronJob) corev1.PodTemplateSpec { return o.Spec.JobTemplate.Spec.Template })
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", w, err)
		}
		all = append(all, w)
	}
	return all, nil
}

func template[T any](object *unstructured.Unstructured, of func(*T) corev1.PodTemplateSpec) (corev1.PodTemplateSpec, error) {
	typed := new(T)
	err := As(object, typed)
	return of(typed), err
}

// As reads an object into one of its Go type. A field that the type does not have is an error.
func As(object *unstructured.Unstructured, typed any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true)
}

// Own says whether a container is one of Tributary, not of a server that it sends to.
func Own(c *corev1.Container) bool {
	name, _, _ := cutImage(c.Image)
	return name == "tributary"
}

// Variables are the environment of a container by name, with what the ConfigMaps among the objects say. What only a node knows
// is taken from node, by its field: "spec.nodeName". References to other variables are resolved, as a kubelet does.
func (w *Workload) Variables(c *corev1.Container, objects []*unstructured.Unstructured, node map[string]string) (map[string]string, error) {
	variables := map[string]string{}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef == nil {
			return nil, fmt.Errorf("%s: container %s takes its environment from something else than a ConfigMap", w, c.Name)
		}
		config := find(objects, "ConfigMap", w.Namespace, from.ConfigMapRef.Name)
		if config == nil {
			return nil, fmt.Errorf("%s: container %s: there is no ConfigMap %s", w, c.Name, from.ConfigMapRef.Name)
		}
		data, _, err := unstructured.NestedStringMap(config.Object, "data")
		if err != nil {
			return nil, err
		}
		for name, value := range data {
			variables[from.Prefix+name] = value
		}
	}
	for _, v := range c.Env {
		switch {
		case v.ValueFrom == nil:
			variables[v.Name] = resolve(v.Value, variables)
		case v.ValueFrom.FieldRef != nil:
			value, known := node[v.ValueFrom.FieldRef.FieldPath]
			if !known {
				return nil, fmt.Errorf("%s: container %s: nobody says what %s is", w, c.Name, v.ValueFrom.FieldRef.FieldPath)
			}
			variables[v.Name] = value
		default:
			return nil, fmt.Errorf("%s: container %s: %s is taken from something else than a field", w, c.Name, v.Name)
		}
	}
	return variables, nil
}

// Arguments are those of a container with its variables in them.
func Arguments(c *corev1.Container, variables map[string]string) []string {
	var arguments []string
	for _, argument := range c.Args {
		arguments = append(arguments, resolve(argument, variables))
	}
	return arguments
}

// find returns an object, or nil.
func find(objects []*unstructured.Unstructured, kind, namespace, name string) *unstructured.Unstructured {
	for _, object := range objects {
		if object.GetKind() == kind && object.GetNamespace() == namespace && object.GetName() == name {
			return object
		}
	}
	return nil
}
