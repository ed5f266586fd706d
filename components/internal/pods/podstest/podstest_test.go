// SPDX-License-Identifier: Apache-2.0

package podstest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/internal/pods/podstest"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProvider(t *testing.T) {
	p := podstest.New(t, pods.Rules{
		Metadata: []string{"k8s.deployment.name"},
		Labels:   []pods.Field{{Key: "team", TagName: "team", From: pods.FromNamespace}},
	})
	changes := p.Changes()
	defer changes.Stop()
	tracked := p.Track(pods.Key{Namespace: "shop", Name: "web", UID: "uid-1"})
	defer tracked.Release()
	require.Nil(t, tracked.Known())

	pod := kubeapi.NewPod("shop", "web", "uid-1", "node-a", kubeapi.WithContainers("app"),
		kubeapi.WithOwner("ReplicaSet", "web-7d4b9c6f5d", "uid-rs"))
	p.SetPod(pod)
	assert.Equal(t, 1, p.Untaken())
	<-changes.Signal()
	assert.Len(t, changes.Take(), 1)
	assert.Zero(t, p.Untaken())
	assert.Equal(t, []pods.Attribute{{Key: "k8s.deployment.name", Value: "web"}}, tracked.Known().Attributes("app", 0))

	p.SetNamespace(kubeapi.NewNamespace("shop", map[string]string{"team": "red", "other": "x"}))
	<-changes.Signal()
	assert.Equal(t, []pods.Attribute{{Key: "k8s.deployment.name", Value: "web"}, {Key: "team", Value: "red"}},
		tracked.Known().Attributes("app", 0))
	assert.Equal(t, map[string]string{"team": "red"}, tracked.Known().NamespaceLabels())

	p.DeletePod(pod)
	assert.NotNil(t, tracked.Known(), "a tracked pod stays known")
}
