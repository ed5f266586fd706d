// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

// A pod as kubernetes.yaml describes it: 16 attributes, of which the chart's list keeps 8.
var pod = attributes{
	"k8s.namespace.name": "shop", "k8s.pod.name": "web-5d8f7c-x2x7q", "k8s.pod.uid": "0f0e9a0c-3f1e-4b52-a2a5-5a4ad1ac2a0f",
	"k8s.container.name": "web", "k8s.container.restart_count": "0", "k8s.node.name": "node-1", "k8s.deployment.name": "web",
	"k8s.replicaset.name": "web-5d8f7c", "service.name": "web", "service.namespace": "shop", "service.version": "1.2.3",
	"service.instance.id": "shop.web-5d8f7c-x2x7q.web", "app.kubernetes.io/name": "web", "k8s.pod.ip": "10.0.0.1",
	"deployment.environment.name": "prod", "host.name": "node-1",
}

var chartList = []string{
	"__tenant_id__", "app_kubernetes_io_name", "container", "instance", "job", "level", "namespace", "service_name",
	"service_namespace", "deployment_environment", "deployment_environment_name", "k8s_namespace_name", "k8s_deployment_name",
	"k8s_statefulset_name", "k8s_daemonset_name", "k8s_cronjob_name", "k8s_job_name", "k8s_node_name",
}

// The time is that of one resource.
func BenchmarkResource(b *testing.B) {
	for _, bb := range []struct {
		others           string
		resource, record attributes
		records          int
	}{
		{OthersDrop, pod, attributes{"log.iostream": "stdout"}, 1},
		{OthersDemote, pod, attributes{"log.iostream": "stdout"}, 1},
		{OthersDemote, pod, attributes{"log.iostream": "stdout"}, 100},
	} {
		b.Run(fmt.Sprintf("%s/records=%d", bb.others, bb.records), func(b *testing.B) {
			k := benchKeeper(b, chartList, bb.others)
			template := plog.NewLogs()
			for range 100 {
				records := make([]attributes, bb.records)
				for i := range records {
					records[i] = bb.record
				}
				fill(b, template.ResourceLogs().AppendEmpty(), bb.resource, records)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += 100 {
				b.StopTimer()
				logs := plog.NewLogs()
				template.CopyTo(logs)
				b.StartTimer()
				_, _ = k.processLogs(b.Context(), logs)
			}
		})
	}
}

// Names that are remembered, and names that found no place.
func BenchmarkName(b *testing.B) {
	b.Run("known", func(b *testing.B) {
		v := newVerdicts(newNames(chartList))
		b.ReportAllocs()
		for b.Loop() {
			v.keeps("k8s.pod.uid")
		}
	})
	b.Run("unknown", func(b *testing.B) {
		n := newNames(chartList)
		b.ReportAllocs()
		for b.Loop() {
			n.keeps("k8s.pod.uid")
		}
	})
}

func TestDroppingAllocatesNothing(t *testing.T) {
	const runs = 100
	k := benchKeeper(t, chartList, OthersDrop)
	logs := make([]plog.Logs, 0, runs+2)
	for range cap(logs) {
		logs = append(logs, batch(t, pod, []attributes{{}}))
	}
	next := 0
	run := func() {
		_, _ = k.processLogs(t.Context(), logs[next])
		next++
	}
	run() // The first one learns the names.
	assert.Zero(t, testing.AllocsPerRun(runs, run))
	assert.Equal(t, 8, logs[runs].ResourceLogs().At(0).Resource().Attributes().Len())
}

func benchKeeper(t testing.TB, list []string, others string) *keeper {
	k, err := newKeeper(processortest.NewNopSettings(metadata.Type), &Config{Values: list, Others: others})
	require.NoError(t, err)
	return k
}
