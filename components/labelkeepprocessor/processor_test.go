// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

func TestAttributesOfTheResource(t *testing.T) {
	for _, tt := range []struct {
		name, config string
		in, want     attributes
	}{
		{
			"what is not listed goes", `values: [job, service_name]`,
			attributes{"job": "shop/web", "service.name": "web", "host.name": "node-1", "k8s.pod.uid": "1"},
			attributes{"job": "shop/web", "service.name": "web"},
		},
		{
			"a listed name that is absent adds nothing", `values: [job, level]`,
			attributes{"job": "shop/web"},
			attributes{"job": "shop/web"},
		},
		{
			"nothing may be left", `values: [job]`,
			attributes{"host.name": "node-1"},
			attributes{},
		},
		{
			"a name that is listed twice is kept once", `values: [job, job]`,
			attributes{"job": "shop/web", "host.name": "node-1"},
			attributes{"job": "shop/web"},
		},
		{
			"both spellings stay when both are there", `values: [service_name]`,
			attributes{"service.name": "web", "service_name": "web", "service-name": "web", "service": "web"},
			attributes{"service.name": "web", "service_name": "web", "service-name": "web"},
		},
		{
			"a short name keeps the attribute that it stands for", `values: [namespace, container]`,
			attributes{"k8s.namespace.name": "shop", "k8s.container.name": "web", "k8s.pod.name": "web-1"},
			attributes{"k8s.namespace.name": "shop", "k8s.container.name": "web"},
		},
		{
			"values keep their types", `values: [n, b, list, map]`,
			attributes{"n": int64(1), "b": true, "list": []any{"a", int64(2)}, "map": attributes{"k": 1.5}, "x": int64(1)},
			attributes{"n": int64(1), "b": true, "list": []any{"a", int64(2)}, "map": attributes{"k": 1.5}},
		},
		{
			"the tenant and other internal names survive", `values: [job]`,
			attributes{"__tenant_id__": "team-a", "__x": "1", "tenant": "team-b"},
			attributes{"__tenant_id__": "team-a", "__x": "1"},
		},
		{
			"so do the hints of upstream's exporter", `values: [job]`,
			attributes{"loki.resource.labels": "job", "loki.attribute.labels": "level", "loki.format": "raw", "loki.other": "x"},
			attributes{"loki.resource.labels": "job", "loki.attribute.labels": "level", "loki.format": "raw"},
		},
		{
			"and the attribute that holds the tenant, where a hint names it", `values: [job]`,
			attributes{"loki.tenant": "team", "team": "a", "other": "b"},
			attributes{"loki.tenant": "team", "team": "a"},
		},
		{
			"a tenant's attribute of another resource is none of this one", `values: [job]`,
			attributes{"team": "a"},
			attributes{},
		},
		{
			"a hint that is no text names nothing", `values: [job]`,
			attributes{"loki.tenant": int64(1), "1": "a", "": "b"},
			attributes{"loki.tenant": int64(1)},
		},
		{
			"an attribute without a name goes", `values: [job]`,
			attributes{"": "x", "job": "shop/web"},
			attributes{"job": "shop/web"},
		},
		{
			"demote: what is not listed leaves the resource too", `{values: [job], others: demote}`,
			attributes{"job": "shop/web", "host.name": "node-1", "__tenant_id__": "a", "loki.tenant": "team", "team": "b", "": "x"},
			attributes{"job": "shop/web", "__tenant_id__": "a", "loki.tenant": "team", "team": "b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// A first resource shows that nothing is carried over from one to the next.
			logs := batch(t, attributes{"loki.tenant": "x"}, []attributes{{}})
			fill(t, logs.ResourceLogs().AppendEmpty(), tt.in, []attributes{{}})
			got := process(t, tt.config, logs)
			assert.Equal(t, tt.want, got.ResourceLogs().At(1).Resource().Attributes().AsRaw())
		})
	}
}

// The list of Grafana's k8s-monitoring chart, on all that a pod's resource may carry, in both spellings.
func TestListOfTheKubernetesChart(t *testing.T) {
	const list = `values: ["__tenant_id__","app_kubernetes_io_name","container","instance","job","level","namespace","service_name","service_namespace","deployment_environment","deployment_environment_name","k8s_namespace_name","k8s_deployment_name","k8s_statefulset_name","k8s_daemonset_name","k8s_cronjob_name","k8s_job_name","k8s_node_name"]`
	kept := []string{
		"__tenant_id__", "app.kubernetes.io/name", "deployment.environment", "deployment.environment.name",
		"k8s.container.name", "k8s.cronjob.name", "k8s.daemonset.name", "k8s.deployment.name", "k8s.job.name",
		"k8s.namespace.name", "k8s.node.name", "k8s.statefulset.name", "service.name", "service.namespace",
		"container", "instance", "job", "level", "namespace",
	}
	others := []string{
		"app.kubernetes.io/instance", "app.kubernetes.io/version", "container.id", "container.image.name", "container.image.tag",
		"container.runtime", "host.name", "k8s.cluster.name", "k8s.cluster.uid", "k8s.container.restart_count", "k8s.deployment.uid",
		"k8s.namespace.uid", "k8s.node.uid", "k8s.pod.ip", "k8s.pod.labels.app", "k8s.pod.name", "k8s.pod.start_time", "k8s.pod.uid",
		"k8s.replicaset.name", "k8s.replicaset.uid", "log.file.path", "os.type", "service.instance.id", "service.version",
		"cluster", "pod", "filename", "flags", "stream", "tmp_container_runtime",
	}
	all := attributes{}
	for _, name := range slices.Concat(kept, others) {
		all[name] = name
		if underscored := lokiForms(name)[0]; underscored != name {
			all[underscored] = name
		}
	}
	want := []string{
		"__tenant_id__", "app.kubernetes.io/name", "app_kubernetes_io_name", "container", "deployment.environment",
		"deployment.environment.name", "deployment_environment", "deployment_environment_name", "instance", "job",
		// k8s_container_name is not: `container` stands for the attribute, and the list has no other word for it.
		"k8s.container.name", "k8s.cronjob.name", "k8s.daemonset.name", "k8s.deployment.name", "k8s.job.name",
		"k8s.namespace.name", "k8s.node.name", "k8s.statefulset.name", "k8s_cronjob_name", "k8s_daemonset_name",
		"k8s_deployment_name", "k8s_job_name", "k8s_namespace_name", "k8s_node_name", "k8s_statefulset_name", "level",
		"namespace", "service.name", "service.namespace", "service_name", "service_namespace",
	}
	got := process(t, list, batch(t, all, []attributes{{}}))
	remaining := got.ResourceLogs().At(0).Resource().Attributes().AsRaw()
	assert.Equal(t, want, slices.Sorted(maps.Keys(remaining)))
	assert.Equal(t, "k8s.namespace.name", remaining["k8s.namespace.name"], "the value stays the attribute's")
}

func TestEverythingElseStays(t *testing.T) {
	for _, others := range []string{OthersDrop, OthersDemote} {
		logs := plog.NewLogs()
		resource := logs.ResourceLogs().AppendEmpty()
		resource.SetSchemaUrl("https://opentelemetry.io/schemas/1.30.0")
		resource.Resource().SetDroppedAttributesCount(7)
		resource.Resource().Attributes().PutStr("job", "shop/web")
		scope := resource.ScopeLogs().AppendEmpty()
		scope.SetSchemaUrl("https://opentelemetry.io/schemas/1.31.0")
		scope.Scope().SetName("scope")
		scope.Scope().SetVersion("1.2.3")
		scope.Scope().Attributes().PutStr("host.name", "of the scope")
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(1)
		record.SetObservedTimestamp(2)
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.SetSeverityText("WARN")
		record.SetEventName("event")
		record.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
		record.SetTraceID(pcommon.TraceID{1})
		record.SetSpanID(pcommon.SpanID{2})
		record.SetDroppedAttributesCount(3)
		record.Body().SetEmptyMap().PutStr("host.name", "of the body")
		record.Attributes().PutStr("k8s.pod.uid", "of the record")
		want := plog.NewLogs()
		logs.CopyTo(want)
		resource.Resource().Attributes().PutStr("k8s.pod.uid", "of the resource")

		assert.Equal(t, want, process(t, "{values: [job], others: "+others+"}", logs), others)
	}
}

func TestResourcesThatBecomeEqualStayApart(t *testing.T) {
	logs := batch(t, attributes{"job": "shop/web", "k8s.pod.uid": "1"}, []attributes{{"n": int64(1)}})
	fill(t, logs.ResourceLogs().AppendEmpty(), attributes{"job": "shop/web", "k8s.pod.uid": "2"}, []attributes{{"n": int64(2)}})
	got := process(t, `values: [job]`, logs)
	require.Equal(t, 2, got.ResourceLogs().Len())
	for i, resource := range got.ResourceLogs().All() {
		assert.Equal(t, attributes{"job": "shop/web"}, resource.Resource().Attributes().AsRaw())
		assert.Equal(t, []attributes{{"n": int64(i + 1)}}, recordsOf(resource))
	}
}

func TestAnEmptyBatchPasses(t *testing.T) {
	assert.Equal(t, 0, process(t, `values: [job]`, plog.NewLogs()).ResourceLogs().Len())
}

func TestCounters(t *testing.T) {
	for _, tt := range []struct {
		others           string
		dropped, demoted int64
	}{
		{others: OthersDrop, dropped: 5},
		{others: OthersDemote, dropped: 1, demoted: 4},
	} {
		t.Run(tt.others, func(t *testing.T) {
			telemetry := componenttest.NewTelemetry()
			set := processortest.NewNopSettings(metadata.Type)
			set.ID = component.MustNewIDWithName("label_keep", "chart")
			set.TelemetrySettings = telemetry.NewTelemetrySettings()
			p, _ := newProcessor(t, set, "{values: [job], others: "+tt.others+"}")
			for range 2 {
				logs := batch(t, attributes{"job": "a", "x": "1", "y": "2", "": "3"}, []attributes{{}, {}})
				fill(t, logs.ResourceLogs().AppendEmpty(), attributes{"x": "1", "y": "2"}, []attributes{{}})
				require.NoError(t, p.ConsumeLogs(t.Context(), logs))
			}
			require.NoError(t, p.ConsumeLogs(t.Context(), batch(t, attributes{"job": "a"}, []attributes{{}})))

			assert.Equal(t, 2*tt.dropped, counted(t, telemetry, "otelcol_processor_label_keep_dropped_attributes"))
			assert.Equal(t, 2*tt.demoted, counted(t, telemetry, "otelcol_processor_label_keep_demoted_attributes"))
			require.NoError(t, telemetry.Shutdown(t.Context()))
		})
	}
}

func TestManyBatchesAtOnce(t *testing.T) {
	p, sink := newProcessor(t, processortest.NewNopSettings(metadata.Type), `{values: [job], others: demote}`)
	var all sync.WaitGroup
	for sender := range 8 {
		all.Go(func() {
			for i := range 100 {
				name := strconv.Itoa(1000*sender + i)
				assert.NoError(t, p.ConsumeLogs(t.Context(), batch(t, attributes{"job": "a", name: name}, []attributes{{}})))
			}
		})
	}
	all.Wait()
	require.Len(t, sink.AllLogs(), 800)
	for _, logs := range sink.AllLogs() {
		resource := logs.ResourceLogs().At(0)
		assert.Equal(t, attributes{"job": "a"}, resource.Resource().Attributes().AsRaw())
		require.Len(t, recordsOf(resource), 1)
		for name, value := range recordsOf(resource)[0] {
			assert.Equal(t, name, value)
		}
	}
}

func TestCapabilities(t *testing.T) {
	p, _ := newProcessor(t, processortest.NewNopSettings(metadata.Type), `values: [job]`)
	assert.Equal(t, consumer.Capabilities{MutatesData: true}, p.Capabilities())
}

func counted(t *testing.T, telemetry *componenttest.Telemetry, name string) int64 {
	metric, err := telemetry.GetMetric(name)
	if err != nil {
		return 0
	}
	points := metric.Data.(metricdata.Sum[int64]).DataPoints
	require.Len(t, points, 1)
	assert.Equal(t, attribute.NewSet(attribute.String("processor", "label_keep/chart")), points[0].Attributes)
	return points[0].Value
}
