// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/tributary-otel/tributary/components/severityprocessor/internal/metadatatest"
)

// start makes the processor as the collector does, in front of a sink.
func start(t *testing.T) (processor.Logs, *consumertest.LogsSink, *componenttest.Telemetry) {
	t.Helper()
	telemetry := componenttest.NewTelemetry()
	sink := new(consumertest.LogsSink)
	f := NewFactory()
	p, err := f.CreateLogs(t.Context(), metadatatest.NewSettings(telemetry), f.CreateDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		// The context of the test is over by now.
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, p.Shutdown(ctx))
		require.NoError(t, p.Shutdown(ctx), "a second shutdown does no harm")
		require.NoError(t, telemetry.Shutdown(ctx))
	})
	return p, sink, telemetry
}

// sample has two resources with two scopes each, and in each scope the records of fill.
func sample(fill func(plog.LogRecordSlice)) plog.Logs {
	logs := plog.NewLogs()
	for _, pod := range []string{"web-0", "web-1"} {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.SetSchemaUrl("https://opentelemetry.io/schemas/1.27.0")
		resource.Resource().Attributes().PutStr("k8s.pod.name", pod)
		resource.Resource().Attributes().PutStr("level", "error")
		for _, name := range []string{"a", "b"} {
			scope := resource.ScopeLogs().AppendEmpty()
			scope.Scope().SetName(name)
			scope.Scope().Attributes().PutStr("level", "error")
			fill(scope.LogRecords())
		}
	}
	return logs
}

func TestOnlyTheSeverityChanges(t *testing.T) {
	fill := func(records plog.LogRecordSlice, severity bool) {
		for n, c := range []struct {
			line string
			want level
		}{
			{`{"level":"warn"}`, warnLevel}, {"0 errors", none}, {"[crit] x", criticalLevel},
		} {
			record := records.AppendEmpty()
			record.Body().SetStr(c.line)
			record.Attributes().PutStr("log.iostream", "stderr")
			record.Attributes().PutInt("n", int64(n))
			record.SetTimestamp(pcommon.Timestamp(1000 + n))
			record.SetObservedTimestamp(pcommon.Timestamp(2000 + n))
			record.SetTraceID([16]byte{1})
			record.SetSpanID([8]byte{2})
			record.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
			record.SetEventName("event")
			record.SetDroppedAttributesCount(7)
			if severity {
				record.SetSeverityNumber(plog.SeverityNumber(c.want))
				record.SetSeverityText(c.want.name())
			}
		}
	}
	p, sink, _ := start(t)
	require.NoError(t, p.ConsumeLogs(t.Context(), sample(func(r plog.LogRecordSlice) { fill(r, false) })))
	require.Len(t, sink.AllLogs(), 1)
	assert.Equal(t, sample(func(r plog.LogRecordSlice) { fill(r, true) }), sink.AllLogs()[0])
}

func TestRecordsAreCountedByOutcome(t *testing.T) {
	p, _, telemetry := start(t)
	for range 2 {
		require.NoError(t, p.ConsumeLogs(t.Context(), sample(func(records plog.LogRecordSlice) {
			for _, line := range []string{"ERROR: x", "INFO: x", "WARN: x", "0 errors", "no error"} {
				records.AppendEmpty().Body().SetStr(line)
			}
			records.AppendEmpty().SetSeverityNumber(9)
		})))
	}
	point := func(outcome string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("outcome", outcome))}
	}
	metadatatest.AssertEqualProcessorSeverityRecords(t, telemetry,
		[]metricdata.DataPoint[int64]{point("already_set", 8), point("found", 24), point("not_found", 16)},
		metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestOutcomeThatDidNotHappenIsNotCounted(t *testing.T) {
	p, _, telemetry := start(t)
	require.NoError(t, p.ConsumeLogs(t.Context(), plog.NewLogs()))
	_, err := telemetry.GetMetric("otelcol_processor_severity_records")
	require.Error(t, err, "an empty batch counts nothing")
}

func TestProcessorSaysThatItChangesData(t *testing.T) {
	p, _, _ := start(t)
	assert.True(t, p.Capabilities().MutatesData)
}

func TestManyGoroutinesShareAProcessor(t *testing.T) {
	all := facts(t)
	p, sink, _ := start(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				logs := plog.NewLogs()
				records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
				for n, f := range all {
					body := records.AppendEmpty().Body()
					if n%2 == 0 {
						body.SetEmptyBytes().FromRaw([]byte(f.line))
					} else {
						body.SetStr(f.line)
					}
				}
				assert.NoError(t, p.ConsumeLogs(t.Context(), logs))
			}
		})
	}
	group.Wait()
	require.Equal(t, 8*20*len(all), sink.LogRecordCount())
	for _, logs := range sink.AllLogs() {
		records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		for n, f := range all {
			require.Equal(t, plog.SeverityNumber(f.want), records.At(n).SeverityNumber(), f.line)
		}
	}
}
