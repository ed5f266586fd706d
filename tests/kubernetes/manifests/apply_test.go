// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a real API server says to everything that can be rendered: in an empty cluster, and where another combination is already.
func TestEveryCombinationIsAccepted(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	all := distinct(t, combinations(t))
	for _, c := range combinations(t) {
		s.makeNamespaces(t, objects(t, c))
	}
	started := time.Now()
	s.warned()
	try := func(t *testing.T) {
		for name, err := range s.tryAll(t, all) {
			t.Errorf("%s: %v", name, err)
		}
		assert.Empty(t, s.warned())
		t.Logf("%d objects of %d combinations after %s", len(all), len(combinations(t)), time.Since(started))
	}
	t.Run("by an empty cluster", try)

	t.Run("a misspelt field is refused", func(t *testing.T) {
		for _, object := range objects(t, Combination{Folder: reference}) {
			if object.GetKind() != "DaemonSet" {
				continue
			}
			wrong := object.DeepCopy()
			wrong.Object["spec"].(map[string]any)["minReadySecond"] = int64(1)
			require.ErrorContains(t, s.apply(t, wrong, metav1.DryRunAll), "minReadySecond")
		}
	})

	s.applyAll(t, objects(t, Combination{Folder: reference}))
	t.Run("is there what was applied", func(t *testing.T) {
		got, err := s.Admin.AppsV1().DaemonSets("tributary").Get(t.Context(), "tributary", metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, appsv1.RollingUpdateDaemonSetStrategyType, got.Spec.UpdateStrategy.Type)
		container := got.Spec.Template.Spec.Containers[0]
		config, err := s.Admin.CoreV1().ConfigMaps("tributary").Get(t.Context(), container.EnvFrom[0].ConfigMapRef.Name, metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, "loki", config.Data["TRIBUTARY_BACKEND"])
		for _, object := range objects(t, Combination{Folder: reference}) {
			resource, err := s.resource(object)
			require.NoError(t, err)
			_, err = resource.Get(t.Context(), object.GetName(), metav1.GetOptions{})
			require.NoError(t, err, "%s/%s", object.GetKind(), object.GetName())
		}
	})
	// Some fields cannot be changed. A person who goes from one combination to another must not meet one.
	t.Run("by a cluster with another one", try)
}
