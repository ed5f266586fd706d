// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// What holds of every pod in every combination. Each fact returns what is wrong, or nothing.
func TestEveryPod(t *testing.T) {
	for _, fact := range []struct {
		name string
		of   func(c Combination, w *Workload) string
	}{
		{"asks for no namespace of its node", func(_ Combination, w *Workload) string {
			s := w.Template.Spec
			return said(s.HostNetwork || s.HostPID || s.HostIPC, "hostNetwork, hostPID or hostIPC")
		}},
		{"has the seccomp profile of the runtime", func(_ Combination, w *Workload) string {
			s := w.Template.Spec.SecurityContext
			return said(s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault, "none")
		}},
		{"is not root, unless a component says so", func(c Combination, w *Workload) string {
			s := w.Template.Spec.SecurityContext
			root := s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser != nil && *s.RunAsUser == 0
			mayBe := c.has("run-as-root") && w.Kind == "DaemonSet"
			return said(root && !mayBe, "it may be root")
		}},
		{"has a priority of its own and no variables of services, on every node", func(_ Combination, w *Workload) string {
			s := w.Template.Spec
			if w.Kind != "DaemonSet" {
				return ""
			}
			everywhere := len(s.Tolerations) == 1 && s.Tolerations[0] == corev1.Toleration{Operator: corev1.TolerationOpExists}
			return said(!everywhere, "a taint keeps it away") +
				said(s.PriorityClassName == "", "no priority") + said(s.EnableServiceLinks == nil || *s.EnableServiceLinks, "service links")
		}},
		{"has longer to end than the collector takes", func(_ Combination, w *Workload) string {
			s := w.Template.Spec.TerminationGracePeriodSeconds
			return said(w.Kind == "DaemonSet" && (s == nil || *s <= 20), "too short")
		}},
		{"writes to no folder of the node but that of its state", func(_ Combination, w *Workload) string {
			written := map[string]string{}
			for _, v := range w.Template.Spec.Volumes {
				if v.HostPath != nil && !strings.HasPrefix(v.HostPath.Path, "/var/lib/tributary") {
					written[v.Name] = v.HostPath.Path
				}
			}
			for _, container := range containers(&w.Template.Spec) {
				for _, mount := range container.VolumeMounts {
					if path, onNode := written[mount.Name]; onNode && !mount.ReadOnly {
						return "it may write to " + path
					}
				}
			}
			return ""
		}},
	} {
		t.Run(fact.name, func(t *testing.T) {
			for _, c := range combinations(t) {
				for _, w := range workloads(t, c) {
					assert.Empty(t, fact.of(c, w), "%s: %s", c, w)
				}
			}
		})
	}
}

// What holds of every container in every combination.
func TestEveryContainer(t *testing.T) {
	for _, fact := range []struct {
		name string
		of   func(c Combination, w *Workload, container *corev1.Container) string
	}{
		{"is of a pinned version, from a registry that the cluster chooses", func(_ Combination, _ *Workload, container *corev1.Container) string {
			_, tag, registry := cutImage(container.Image)
			pinned := strings.ContainsAny(tag, "0123456789") && strings.Contains(tag, ".")
			return said(!pinned || registry != "", container.Image)
		}},
		{"cannot write to its root", func(_ Combination, _ *Workload, container *corev1.Container) string {
			s := context(container)
			return said(s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem, "readOnlyRootFilesystem")
		}},
		{"cannot become more than it is", func(_ Combination, _ *Workload, container *corev1.Container) string {
			s := context(container)
			return said(s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation, "allowPrivilegeEscalation") +
				said(s.Privileged != nil && *s.Privileged, "privileged")
		}},
		{"has no capability, but the one that makes the state folder", func(_ Combination, w *Workload, container *corev1.Container) string {
			s := context(container)
			if s.Capabilities == nil || len(s.Capabilities.Drop) != 1 || s.Capabilities.Drop[0] != "ALL" {
				return "not all are dropped"
			}
			add := s.Capabilities.Add
			state := w.Kind == "DaemonSet" && container.Name == "state" && Own(container) && slices.Equal(add, []corev1.Capability{"CHOWN"})
			return said(len(add) > 0 && !state, "some are added")
		}},
		{"says what it needs, and what memory it may take", func(_ Combination, _ *Workload, container *corev1.Container) string {
			r := container.Resources
			return said(r.Requests.Cpu().IsZero() || r.Requests.Memory().IsZero(), "no requests") +
				said(r.Limits.Memory().IsZero(), "no limit of memory") +
				said(r.Requests.Memory().Cmp(*r.Limits.Memory()) > 0, "a request above the limit")
		}},
		{"of Tributary has no limit of CPU", func(_ Combination, _ *Workload, container *corev1.Container) string {
			return said(Own(container) && !container.Resources.Limits.Cpu().IsZero(), "limited")
		}},
		{"that stays is asked whether it lives and whether it works", func(_ Combination, w *Workload, container *corev1.Container) string {
			if w.Kind == "Job" || w.Kind == "CronJob" || starts(w, container) {
				return ""
			}
			return said(container.LivenessProbe == nil, "no livenessProbe") + said(container.ReadinessProbe == nil, "no readinessProbe") +
				said(Own(container) && container.StartupProbe == nil, "no startupProbe")
		}},
		{"of Tributary has its secrets in files", func(_ Combination, _ *Workload, container *corev1.Container) string {
			if !Own(container) {
				return ""
			}
			secret := ""
			for _, from := range container.EnvFrom {
				secret += said(from.SecretRef != nil, "envFrom a Secret")
			}
			for _, v := range container.Env {
				secret += said(v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil, v.Name)
			}
			return secret
		}},
	} {
		t.Run(fact.name, func(t *testing.T) {
			for _, c := range combinations(t) {
				for _, w := range workloads(t, c) {
					for _, container := range containers(&w.Template.Spec) {
						assert.Empty(t, fact.of(c, w, container), "%s: %s: %s", c, w, container.Name)
					}
				}
			}
		})
	}
}

// A rollout looks at a pod for longer than its readiness probe lets a trouble last. Otherwise it would go on with what is broken.
func TestRolloutsStopWhenPodsAreNotReady(t *testing.T) {
	for _, c := range combinations(t) {
		for _, object := range objects(t, c) {
			if object.GetKind() != "DaemonSet" {
				continue
			}
			daemon := &appsv1.DaemonSet{}
			require.NoError(t, As(object, daemon))
			probe := daemon.Spec.Template.Spec.Containers[0].ReadinessProbe
			lasts := probe.PeriodSeconds * cmp.Or(probe.FailureThreshold, 3)
			assert.Greater(t, daemon.Spec.MinReadySeconds, lasts, "%s: %s", c, daemon.Name)
		}
	}
}

// A folder that is missing is made by the runtime. There are some whose presence alone changes what a node does.
func TestNothingIsMadeOnTheNode(t *testing.T) {
	for _, c := range combinations(t) {
		for _, w := range workloads(t, c) {
			for _, v := range w.Template.Spec.Volumes {
				if v.HostPath == nil {
					continue
				}
				assert.NotContains(t, []string{"/var/log/journal", "/run/log/journal"}, v.HostPath.Path, "%s: %s", c, w)
				if v.HostPath.Path == "/etc/machine-id" {
					assert.Equal(t, corev1.HostPathFile, *v.HostPath.Type, "%s: %s", c, w)
				}
			}
		}
	}
}

// A pod has a token if, and only if, somebody gave its account a right.
func TestTokensAreForThoseThatAskTheAPIServer(t *testing.T) {
	for _, c := range combinations(t) {
		all := objects(t, c)
		for _, w := range workloads(t, c) {
			account := w.Template.Spec.ServiceAccountName
			bound := false
			for _, object := range all {
				if kind := object.GetKind(); kind == "ClusterRoleBinding" || kind == "RoleBinding" {
					subjects := object.Object["subjects"].([]any)
					for _, subject := range subjects {
						bound = bound || subject.(map[string]any)["name"] == account
					}
				}
			}
			if mounts := w.Template.Spec.AutomountServiceAccountToken; assert.NotNil(t, mounts, "%s: %s", c, w) {
				assert.Equal(t, bound, *mounts, "%s: %s", c, w)
			}
		}
		for _, object := range all {
			if object.GetKind() == "ServiceAccount" {
				assert.Equal(t, false, object.Object["automountServiceAccountToken"], "%s: %s", c, object.GetName())
			}
		}
	}
}

// Overlays carry no secret, not even an empty one that somebody could fill in and commit.
func TestOverlaysHaveNoSecret(t *testing.T) {
	for _, c := range combinations(t) {
		if !strings.HasPrefix(c.Folder, "overlays/") {
			continue
		}
		for _, object := range objects(t, c) {
			assert.NotEqual(t, "Secret", object.GetKind(), "%s: %s", c, object.GetName())
		}
	}
}

// said returns what, if it is so.
func said(is bool, what string) string {
	if is {
		return what + "; "
	}
	return ""
}

func context(container *corev1.Container) corev1.SecurityContext {
	if container.SecurityContext == nil {
		return corev1.SecurityContext{}
	}
	return *container.SecurityContext
}

// starts says whether a container ends before the pod's others start.
func starts(w *Workload, container *corev1.Container) bool {
	for i := range w.Template.Spec.InitContainers {
		if &w.Template.Spec.InitContainers[i] == container {
			return true
		}
	}
	return false
}

func TestResolve(t *testing.T) {
	variables := map[string]string{"A": "1", "B": "$(A)"}
	for text, want := range map[string]string{
		"$(A)":          "1",
		"x$(A)y$(B)":    "x1y$(A)",
		"$$(A)":         "$(A)",
		"$(UNKNOWN)":    "$(UNKNOWN)",
		"$A, $ and $()": "$A, $ and $()",
	} {
		require.Equal(t, want, resolve(text, variables))
	}
}
