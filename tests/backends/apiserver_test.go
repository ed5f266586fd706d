// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/kubernetes"
)

// A real API server takes each folder without a warning, and the pods in their namespace of the level restricted.
func TestTheAPIServerTakesEachFolder(t *testing.T) {
	t.Parallel()
	cluster := kubernetes.StartCluster(t)
	everything := rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}
	kubeconfig := cluster.NewAccount(t, "default", "operator", everything).Kubeconfig(t)
	home := t.TempDir()
	apply := func(name string) {
		command := exec.Command(kubectl.Binary(t), "apply", "-k", server(name))
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "KUBECONFIG=" + kubeconfig}
		var stderr bytes.Buffer
		command.Stderr = &stderr
		require.NoError(t, command.Run(), "%s: %s", name, stderr.String())
		assert.Empty(t, stderr.String(), name)
	}
	apply("namespace")
	// There is no controller that makes it.
	_, err := cluster.Admin.CoreV1().ServiceAccounts("logging").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	create := func(name string, spec corev1.PodSpec) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
		_, err := cluster.Admin.CoreV1().Pods("logging").Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	for name := range folders {
		apply(name)
		for _, o := range render(t, server(name)) {
			template := pods(o)
			if template == nil {
				continue
			}
			if set, ok := o.typed.(*appsv1.StatefulSet); ok {
				// As its controller does.
				for _, claim := range set.Spec.VolumeClaimTemplates {
					source := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name}}
					template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: source})
				}
			}
			require.NoError(t, create(o.GetName(), template.Spec), "%s %s", name, o.GetName())
		}
	}
	require.ErrorContains(t, create("root", corev1.PodSpec{Containers: []corev1.Container{{Name: "root", Image: "root"}}}), "violates PodSecurity")
}
