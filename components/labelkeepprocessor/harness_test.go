// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

// attributes are those of a resource or a record as plain values.
type attributes = map[string]any

// newProcessor returns a processor with this configuration, and what it hands on.
func newProcessor(t testing.TB, set processor.Settings, config string) (processor.Logs, *consumertest.LogsSink) {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(config))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	cfg := NewFactory().CreateDefaultConfig()
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), set, cfg, sink)
	require.NoError(t, err)
	return p, sink
}

// process sends a batch through a processor with this configuration, and returns what it hands on.
func process(t testing.TB, config string, logs plog.Logs) plog.Logs {
	p, sink := newProcessor(t, processortest.NewNopSettings(metadata.Type), config)
	require.NoError(t, p.ConsumeLogs(t.Context(), logs))
	require.Len(t, sink.AllLogs(), 1)
	return sink.AllLogs()[0]
}

// batch returns one resource with these attributes and a record for each of records.
func batch(t testing.TB, resource attributes, records []attributes) plog.Logs {
	logs := plog.NewLogs()
	fill(t, logs.ResourceLogs().AppendEmpty(), resource, records)
	return logs
}

// fill spreads the records over two scopes, after an empty one.
func fill(t testing.TB, into plog.ResourceLogs, resource attributes, records []attributes) {
	require.NoError(t, into.Resource().Attributes().FromRaw(resource))
	into.ScopeLogs().AppendEmpty()
	into.ScopeLogs().AppendEmpty()
	for i, record := range records {
		if i == 1 {
			into.ScopeLogs().AppendEmpty()
		}
		last := into.ScopeLogs().At(into.ScopeLogs().Len() - 1)
		require.NoError(t, last.LogRecords().AppendEmpty().Attributes().FromRaw(record))
	}
}

// recordsOf returns the attributes of each record.
func recordsOf(resource plog.ResourceLogs) (all []attributes) {
	for _, scope := range resource.ScopeLogs().All() {
		for _, record := range scope.LogRecords().All() {
			all = append(all, record.Attributes().AsRaw())
		}
	}
	return all
}
