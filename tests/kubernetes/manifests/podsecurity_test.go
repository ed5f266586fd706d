// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// levels are those of PodSecurity that refuse something, the strictest one first. Each is enforced in a namespace of its name.
var levels = []string{"restricted", "baseline"}

func TestPodSecurity(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, level := range levels {
		s.NewNamespace(t, level, map[string]string{"pod-security.kubernetes.io/enforce": level})
	}
	// What the admission looks for before it looks at security.
	for _, c := range combinations(t) {
		for _, w := range workloads(t, c) {
			s.makePriority(t, w.Template.Spec.PriorityClassName)
			for _, level := range levels {
				s.makeAccount(t, level, w.Template.Spec.ServiceAccountName)
			}
		}
	}
	// The strictest level that a pod satisfies, and what it violates of `restricted`.
	violations := func(t *testing.T, w *Workload) (level string, of []string) {
		t.Helper()
		for _, level := range levels {
			found := s.violations(t, w, level)
			if level == "restricted" {
				of = found
			}
			if len(found) == 0 {
				return level, of
			}
		}
		return "privileged", of
	}

	hostPath := func(volumes string) string {
		return `restricted volume types (volumes ` + volumes + ` use restricted volume type "hostPath")`
	}
	folders := hostPath(`"pods", "state"`)
	chown := `unrestricted capabilities (container "state" must not include "CHOWN" in securityContext.capabilities.add)`
	stateIsRoot := []string{
		`runAsNonRoot != true (container "state" must not set securityContext.runAsNonRoot=false)`,
		`runAsUser=0 (container "state" must not set runAsUser=0)`,
	}
	allAreRoot := []string{
		`runAsNonRoot != true (pod and container "state" must not set securityContext.runAsNonRoot=false)`,
		`runAsUser=0 (pod and container "state" must not set runAsUser=0)`,
	}
	base := slices.Concat([]string{folders}, stateIsRoot, []string{chown})
	sortedBase := slices.Sorted(slices.Values(base))
	for component, want := range map[string]struct {
		level string
		of    []string
	}{
		// Without a component: folders of the node, and the container that makes the one for the state.
		"":            {"privileged", base},
		"docker":      {"privileged", slices.Concat([]string{hostPath(`"pods", "state", "docker"`)}, stateIsRoot, []string{chown})},
		"run-as-root": {"privileged", slices.Concat([]string{folders}, allAreRoot, []string{chown})},
		"openshift": {"privileged", slices.Concat([]string{
			folders, `seLinuxOptions (containers "state", "tributary" set forbidden securityContext.seLinuxOptions: types "container_logreader_t", "spc_t")`,
		}, allAreRoot, []string{chown})},
		"journald": {"privileged", slices.Concat([]string{
			hostPath(`"pods", "state", "journal", "run-journal", "machine-id"`),
		}, allAreRoot, []string{chown})},
		"psa-restricted": {"restricted", nil},
	} {
		t.Run("with "+cmp.Or(component, "nothing"), func(t *testing.T) {
			c := Combination{Folder: reference}
			if component != "" {
				c.Components = []string{component}
			}
			level, of := violations(t, workloads(t, c)[0])
			assert.Equal(t, want.level, level)
			slices.Sort(want.of)
			assert.Equal(t, want.of, of)
		})
	}
	t.Run("with all others", func(t *testing.T) {
		for _, c := range combinations(t) {
			for _, w := range workloads(t, c) {
				level, of := violations(t, w)
				switch {
				case w.Kind != "DaemonSet" || c.has("psa-restricted"):
					assert.Empty(t, of, "%s: %s", c, w)
				case c.has("docker") || c.has("run-as-root"):
					assert.Equal(t, "privileged", level, "%s: %s", c, w)
				default:
					assert.Equal(t, sortedBase, of, "%s: %s", c, w)
				}
			}
		}
	})
}

// violations are what the admission of a level has against a pod.
func (s *server) violations(t *testing.T, w *Workload, level string) []string {
	t.Helper()
	pod := w.pod(level)
	_, err := s.Admin.CoreV1().Pods(level).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return nil
	}
	_, text, isOne := strings.Cut(err.Error(), `violates PodSecurity "`+level+`:latest": `)
	require.True(t, isOne, "%s: %v", w, err)
	// They are listed as `what (details), what (details)`.
	all := strings.Split(text, "), ")
	for i := range all[:len(all)-1] {
		all[i] += ")"
	}
	slices.Sort(all)
	return all
}

func (s *server) makePriority(t *testing.T, name string) {
	t.Helper()
	if name == "" || strings.HasPrefix(name, "system-") {
		return
	}
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := s.Admin.SchedulingV1().PriorityClasses().Create(t.Context(), class, metav1.CreateOptions{})
	require.True(t, err == nil || apierrors.IsAlreadyExists(err), "%v", err)
}

func (s *server) makeAccount(t *testing.T, namespace, name string) {
	t.Helper()
	if name == "" {
		return
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := s.Admin.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{})
	require.True(t, err == nil || apierrors.IsAlreadyExists(err), "%v", err)
}
