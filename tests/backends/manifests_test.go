// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folders are those that are applied, with what is in each beside its Namespace.
var folders = map[string][]string{
	"namespace":           nil,
	"loki":                {"StatefulSet loki", "Service loki", "Service loki-headless", "NetworkPolicy loki", "ConfigMap loki", "ConfigMap loki-rules"},
	"loki-s3":             {"StatefulSet loki", "Service loki", "Service loki-headless", "NetworkPolicy loki", "ConfigMap loki", "ConfigMap loki-rules", "ConfigMap loki-s3"},
	"minio":               {"StatefulSet minio", "Service minio", "Service minio-headless", "NetworkPolicy minio", "ConfigMap minio-policy", "Job minio-bucket"},
	"minio-distributed":   {"StatefulSet minio", "Service minio", "Service minio-headless", "NetworkPolicy minio", "ConfigMap minio-policy", "Job minio-bucket", "PodDisruptionBudget minio"},
	"victorialogs":        {"StatefulSet victorialogs", "Service victorialogs", "Service victorialogs-headless", "NetworkPolicy victorialogs"},
	"victorialogs-alerts": {"Deployment vmalert", "ConfigMap vmalert-rules"},
	"grafana": {
		"Deployment grafana", "PersistentVolumeClaim grafana", "Service grafana", "NetworkPolicy grafana",
		"ConfigMap grafana", "ConfigMap grafana-datasources", "ConfigMap grafana-dashboards", "ConfigMap tributary-dashboard",
	},
	"grafana-nodeport": {
		"Deployment grafana", "PersistentVolumeClaim grafana", "Service grafana", "NetworkPolicy grafana", "NetworkPolicy grafana-nodeport",
		"ConfigMap grafana", "ConfigMap grafana-datasources", "ConfigMap grafana-dashboards", "ConfigMap tributary-dashboard",
	},
}

// secrets are those that the user makes, with their keys. None is in a folder.
var secrets = map[string][]string{
	"minio-root": {"user", "password"},
	"loki-s3":    {"access-key-id", "secret-access-key"},
	"grafana":    {"admin-user", "admin-password"},
}

var (
	hash = regexp.MustCompile(`-[a-z0-9]{10}$`)
	// A name without a registry, and a version.
	pinned = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+:[A-Za-z0-9.]*[0-9]+\.[0-9A-Za-z.-]+$|^[a-z0-9-]+/[a-z0-9-]+:RELEASE\.[0-9TZ-]+$`)
)

func TestEachFolderIsListed(t *testing.T) {
	entries, err := os.ReadDir(server())
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			assert.Contains(t, folders, entry.Name())
		}
	}
}

func TestWhatIsInEachFolder(t *testing.T) {
	for name, want := range folders {
		t.Run(name, func(t *testing.T) {
			var have []string
			for _, o := range render(t, server(name)) {
				require.NotNil(t, o.typed, "%s is of no type of Kubernetes", o.GetKind())
				if o.GetKind() == "Namespace" {
					assert.Equal(t, "logging", o.GetName())
					assert.Equal(t, "restricted", o.GetLabels()["pod-security.kubernetes.io/enforce"])
					continue
				}
				assert.Equal(t, "logging", o.GetNamespace(), o.GetName())
				found := o.GetKind() + " " + o.GetName()
				if o.GetKind() == "ConfigMap" {
					found = hash.ReplaceAllString(found, "")
				}
				have = append(have, found)
			}
			assert.ElementsMatch(t, want, have)
		})
	}
}

// pods are the pods that a workload makes.
func pods(o object) *corev1.PodTemplateSpec {
	switch w := o.typed.(type) {
	case *appsv1.StatefulSet:
		return &w.Spec.Template
	case *appsv1.Deployment:
		return &w.Spec.Template
	case *batchv1.Job:
		return &w.Spec.Template
	}
	return nil
}

func TestEachContainer(t *testing.T) {
	for name := range folders {
		t.Run(name, func(t *testing.T) {
			for _, o := range render(t, server(name)) {
				template := pods(o)
				if template == nil {
					continue
				}
				spec := template.Spec
				assert.False(t, *spec.AutomountServiceAccountToken, "a token for nothing")
				assert.True(t, *spec.SecurityContext.RunAsNonRoot)
				assert.NotZero(t, *spec.SecurityContext.RunAsUser)
				assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, spec.SecurityContext.SeccompProfile.Type)
				for i, c := range append(spec.Containers, spec.InitContainers...) {
					where := o.GetName() + " " + c.Name
					assert.Regexp(t, pinned, c.Image, where)
					assert.False(t, *c.SecurityContext.AllowPrivilegeEscalation, where)
					assert.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, where)
					assert.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, where)
					assert.Empty(t, c.SecurityContext.Capabilities.Add, where)
					assert.NotZero(t, c.Resources.Requests.Cpu(), where)
					assert.NotZero(t, c.Resources.Requests.Memory(), where)
					assert.NotZero(t, c.Resources.Limits.Memory(), where)
					if o.GetKind() != "Job" && i < len(spec.Containers) {
						assert.NotNil(t, c.ReadinessProbe, where)
						assert.NotNil(t, c.LivenessProbe, where)
					}
				}
			}
		})
	}
}

// Everything that a pod names is in its folder, or a Secret of the user's.
func TestEachReference(t *testing.T) {
	for name := range folders {
		t.Run(name, func(t *testing.T) {
			objects := render(t, server(name))
			for _, o := range objects {
				template := pods(o)
				if template == nil {
					continue
				}
				mounts := map[string]bool{}
				if set, ok := o.typed.(*appsv1.StatefulSet); ok {
					find(t, objects, "Service", set.Spec.ServiceName)
					for _, claim := range set.Spec.VolumeClaimTemplates {
						mounts[claim.Name] = true
					}
				}
				for _, v := range template.Spec.Volumes {
					mounts[v.Name] = true
					switch {
					case v.ConfigMap != nil:
						find(t, objects, "ConfigMap", v.ConfigMap.Name)
					case v.Secret != nil:
						assert.Contains(t, secrets, v.Secret.SecretName)
					case v.PersistentVolumeClaim != nil:
						find(t, objects, "PersistentVolumeClaim", v.PersistentVolumeClaim.ClaimName)
					default:
						assert.NotNil(t, v.EmptyDir, "%s: a volume of another kind: %s", o.GetName(), v.Name)
					}
				}
				for _, c := range append(template.Spec.Containers, template.Spec.InitContainers...) {
					for _, m := range c.VolumeMounts {
						assert.True(t, mounts[m.Name], "%s has no volume %s", o.GetName(), m.Name)
					}
					for _, from := range c.EnvFrom {
						find(t, objects, "ConfigMap", from.ConfigMapRef.Name)
					}
					for _, e := range c.Env {
						if e.ValueFrom == nil {
							assert.NotRegexp(t, `(?i)password$|secret_access_key$`, e.Name, "%s: a secret in clear text", o.GetName())
							continue
						}
						ref := e.ValueFrom.SecretKeyRef
						require.NotNil(t, ref, e.Name)
						assert.Contains(t, secrets[ref.Name], ref.Key, e.Name)
					}
				}
			}
		})
	}
}

// What a Service or a NetworkPolicy selects is there, and has the ports that it names.
func TestEachPortIsSomebodys(t *testing.T) {
	for name := range folders {
		t.Run(name, func(t *testing.T) {
			objects := render(t, server(name))
			listens := func(selector map[string]string, port intstr.IntOrString) bool {
				for _, o := range objects {
					template := pods(o)
					if template == nil || !labels.SelectorFromSet(selector).Matches(labels.Set(template.Labels)) {
						continue
					}
					for _, c := range template.Spec.Containers {
						for _, p := range c.Ports {
							if p.Name == port.String() {
								return true
							}
						}
					}
				}
				return false
			}
			for _, o := range objects {
				switch o := o.typed.(type) {
				case *corev1.Service:
					for _, p := range o.Spec.Ports {
						assert.True(t, listens(o.Spec.Selector, p.TargetPort), "nothing listens behind the port %s of %s", p.Name, o.Name)
					}
				case *networkingv1.NetworkPolicy:
					for _, rule := range o.Spec.Ingress {
						for _, p := range rule.Ports {
							assert.True(t, listens(o.Spec.PodSelector.MatchLabels, *p.Port), "%s lets nobody in", o.Name)
						}
					}
				}
			}
		})
	}
}

// No two pods share a volume that is written, and a rollout does not start the second before the first has ended.
func TestNoVolumeIsShared(t *testing.T) {
	for name := range folders {
		for _, o := range render(t, server(name)) {
			deployment, ok := o.typed.(*appsv1.Deployment)
			if !ok {
				continue
			}
			assert.EqualValues(t, 1, *deployment.Spec.Replicas, name)
			assert.Equal(t, appsv1.RecreateDeploymentStrategyType, deployment.Spec.Strategy.Type, name)
		}
	}
}

func TestGrafanaOnTheNodes(t *testing.T) {
	objects := render(t, server("grafana-nodeport"))
	service := find(t, objects, "Service", "grafana").typed.(*corev1.Service)
	assert.Equal(t, corev1.ServiceTypeNodePort, service.Spec.Type)
	require.Len(t, service.Spec.Ports, 1)
	assert.EqualValues(t, 31094, service.Spec.Ports[0].NodePort)
	assert.EqualValues(t, 3000, service.Spec.Ports[0].Port)
	// What comes from outside is no pod's, so that a selector does not let it in.
	policy := find(t, objects, "NetworkPolicy", "grafana-nodeport").typed.(*networkingv1.NetworkPolicy)
	assert.Equal(t, "0.0.0.0/0", policy.Spec.Ingress[0].From[0].IPBlock.CIDR)
	inside := find(t, render(t, server("grafana")), "Service", "grafana").typed.(*corev1.Service)
	assert.Empty(t, inside.Spec.Type, "open by default")
}

// A drive each, on a node each, under the name by which the servers call each other.
func TestDistributedMinIO(t *testing.T) {
	set := find(t, render(t, server("minio-distributed")), "StatefulSet", "minio").typed.(*appsv1.StatefulSet)
	assert.EqualValues(t, 4, *set.Spec.Replicas)
	assert.Equal(t, appsv1.ParallelPodManagement, set.Spec.PodManagementPolicy, "none is ready before all are there")
	assert.Equal(t, []string{"server", fmt.Sprintf("http://minio-{0...%d}.%s:9000/data", *set.Spec.Replicas-1, set.Spec.ServiceName)}, set.Spec.Template.Spec.Containers[0].Args)
	assert.Equal(t, corev1.LabelHostname, set.Spec.Template.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].TopologyKey)
	assert.Equal(t, metav1.LabelSelector{MatchLabels: set.Spec.Selector.MatchLabels}, *set.Spec.Template.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector)
}
