// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func timestamp(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }

// pod are the attributes of a container as the shipped Kubernetes pipeline sets
// them.
var pod = attrs{
	"k8s.namespace.name": "shop", "k8s.pod.name": "cart-5d4-x", "k8s.pod.uid": "u-1", "k8s.container.name": "app",
	"k8s.node.name": "node-1", "k8s.deployment.name": "cart", "service.name": "cart",
}

func TestAlloyProfileGivesAlloysLabels(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), "labels: {profile: alloy}\nexternal_labels: {cluster: my-cluster, k8s_cluster_name: my-cluster}")
	e.send(t, logsOf(t, pod, rec{body: "hello", attrs: attrs{"log.iostream": "stdout"}}))
	got := loki.Entries("")
	require.Len(t, got, 1)
	assert.Equal(t, map[string]string{
		"cluster": "my-cluster", "k8s_cluster_name": "my-cluster", "namespace": "shop", "container": "app",
		"job": "shop/app", "service_name": "cart", "service_namespace": "shop",
	}, got[0].Labels)
	assert.Equal(t, "hello", got[0].Line)
	assert.Equal(t, "cart-5d4-x", got[0].Meta("pod"))
	assert.Equal(t, "shop.cart-5d4-x.app", got[0].Meta("service_instance_id"))
	assert.Equal(t, "stdout", got[0].Meta("log_iostream"))
	assert.Equal(t, "u-1", got[0].Meta("k8s_pod_uid"))
}
