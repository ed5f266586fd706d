// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What an object names is there: an API server takes a name on trust.
func TestWhatIsNamedIsThere(t *testing.T) {
	// What somebody else makes: secrets, and stages.
	others := map[string]bool{
		"ConfigMap/tributary-stages": true, "Secret/tributary-backend": true, "Secret/grafana": true, "Secret/minio-root": true,
		"Secret/minio-loki": true, "Secret/loki-s3": true,
	}
	for _, c := range combinations(t) {
		all := objects(t, c)
		names := func(w *Workload, kind, namespace, name string) {
			there := find(all, kind, namespace, name) != nil || others[kind+"/"+name]
			assert.True(t, there, "%s: %s names %s/%s", c, w, kind, name)
		}
		for _, w := range workloads(t, c) {
			spec := w.Template.Spec
			names(w, "Namespace", "", w.Namespace)
			if spec.ServiceAccountName != "" {
				names(w, "ServiceAccount", w.Namespace, spec.ServiceAccountName)
			}
			if class := spec.PriorityClassName; class != "" && !strings.HasPrefix(class, "system-") {
				names(w, "PriorityClass", "", class)
			}
			for _, v := range spec.Volumes {
				switch {
				case v.ConfigMap != nil:
					names(w, "ConfigMap", w.Namespace, v.ConfigMap.Name)
				case v.Secret != nil:
					names(w, "Secret", w.Namespace, v.Secret.SecretName)
				case v.PersistentVolumeClaim != nil:
					names(w, "PersistentVolumeClaim", w.Namespace, v.PersistentVolumeClaim.ClaimName)
				}
			}
			for _, container := range containers(&spec) {
				for _, from := range container.EnvFrom {
					if from.ConfigMapRef != nil {
						names(w, "ConfigMap", w.Namespace, from.ConfigMapRef.Name)
					}
				}
				for what, probe := range map[string]*corev1.Probe{
					"livenessProbe": container.LivenessProbe, "readinessProbe": container.ReadinessProbe, "startupProbe": container.StartupProbe,
				} {
					if probe != nil && probe.HTTPGet != nil {
						assert.True(t, listens([]*corev1.Container{container}, probe.HTTPGet.Port), "%s: %s: %s", c, w, what)
					}
				}
			}
		}
	}
}

// A Service, a NetworkPolicy and a PodDisruptionBudget select pods of exactly one workload, and name ports that it has.
func TestWhatIsSelectedIsThere(t *testing.T) {
	for _, c := range combinations(t) {
		for _, object := range objects(t, c) {
			var selector labels.Selector
			var ports []intstr.IntOrString
			switch object.GetKind() {
			case "Service":
				service := &corev1.Service{}
				require.NoError(t, As(object, service))
				selector = labels.SelectorFromSet(service.Spec.Selector)
				for _, port := range service.Spec.Ports {
					if port.TargetPort == (intstr.IntOrString{}) {
						port.TargetPort = intstr.FromInt32(port.Port)
					}
					ports = append(ports, port.TargetPort)
				}
			case "NetworkPolicy":
				policy := &networkingv1.NetworkPolicy{}
				require.NoError(t, As(object, policy))
				selector = mustSelector(t, &policy.Spec.PodSelector)
				for _, rule := range policy.Spec.Ingress {
					for _, port := range rule.Ports {
						ports = append(ports, *port.Port)
					}
				}
			case "PodDisruptionBudget":
				budget := &policyv1.PodDisruptionBudget{}
				require.NoError(t, As(object, budget))
				selector = mustSelector(t, budget.Spec.Selector)
			default:
				continue
			}
			var selected []*Workload
			for _, w := range workloads(t, c) {
				if w.Namespace == object.GetNamespace() && selector.Matches(labels.Set(w.Template.Labels)) {
					selected = append(selected, w)
				}
			}
			if assert.Len(t, selected, 1, "%s: %s/%s", c, object.GetKind(), object.GetName()) {
				for _, port := range ports {
					assert.True(t, listens(containers(&selected[0].Template.Spec), port), "%s: %s/%s: %s", c, object.GetKind(), object.GetName(), port.String())
				}
			}
		}
	}
}

// Whoever lists what belongs to Tributary finds everything.
func TestEveryObjectSaysWhatItIsPartOf(t *testing.T) {
	for _, c := range combinations(t) {
		if !strings.HasPrefix(c.Folder, "overlays/") {
			continue
		}
		for _, object := range objects(t, c) {
			assert.Equal(t, "tributary", object.GetLabels()["app.kubernetes.io/part-of"], "%s: %s/%s", c, object.GetKind(), object.GetName())
		}
	}
}

func mustSelector(t *testing.T, of *metav1.LabelSelector) labels.Selector {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(of)
	require.NoError(t, err)
	return selector
}

// listens says whether one of the containers names a port, or has its number.
func listens(all []*corev1.Container, port intstr.IntOrString) bool {
	for _, container := range all {
		for _, p := range container.Ports {
			if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
				return true
			}
		}
	}
	return false
}
