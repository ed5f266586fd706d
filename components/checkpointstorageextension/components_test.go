// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// storageHost is a collector with one extension.
type storageHost struct {
	component.Host
	extension component.Component
}

func (h storageHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.NewID(metadata.Type): h.extension}
}

func (r *running) collector() component.Host {
	return storageHost{Host: componenttest.NewNopHost(), extension: r.checkpointStorage}
}

// lines are the bodies that a receiver delivered.
func lines(sink *consumertest.LogsSink) []string {
	var all []string
	for _, logs := range sink.AllLogs() {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					all = append(all, record.Body().AsString())
				}
			}
		}
	}
	return all
}

func TestFileLogGoesOnWhereItWas(t *testing.T) {
	directory, log := t.TempDir(), filepath.Join(t.TempDir(), "app.log")
	factory := filelogreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"include": []any{log}, "start_at": "beginning", "poll_interval": "10ms", "storage": metadata.Type.String(),
	}).Unmarshal(config))
	for run := range 3 {
		out, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		var want []string
		for n := range 100 {
			want = append(want, fmt.Sprintf("run %d line %d", run, n))
			_, err := fmt.Fprintln(out, want[n])
			require.NoError(t, err)
		}
		require.NoError(t, out.Close())

		r := start(t, directory)
		sink := new(consumertest.LogsSink)
		set := receivertest.NewNopSettings(factory.Type())
		set.ID = component.NewID(factory.Type())
		receiver, err := factory.CreateLogs(t.Context(), set, config, sink)
		require.NoError(t, err)
		require.NoError(t, receiver.Start(t.Context(), r.collector()))
		testkit.Eventually(t, waiting, "all lines", func() bool { return sink.LogRecordCount() >= len(want) })
		require.NoError(t, receiver.Shutdown(context.Background()))
		r.stop(t)
		require.Equal(t, want, lines(sink))
	}
}

func TestAQueueOfAnExporterKeepsItsRecords(t *testing.T) {
	directory := t.TempDir()
	queue := exporterhelper.NewDefaultQueueConfig()
	id := component.NewID(metadata.Type)
	queue.StorageID = &id
	queue.QueueSize = 1000
	queue.NumConsumers = 1
	queue.Batch = configoptional.None[exporterhelper.BatchConfig]()
	run := func(push func(context.Context, plog.Logs) error) (*running, exporter.Logs) {
		r := start(t, directory)
		set := exportertest.NewNopSettings(component.MustNewType("nop"))
		set.ID = component.MustNewID("nop")
		e, err := exporterhelper.NewLogs(t.Context(), set, struct{}{}, push,
			exporterhelper.WithQueue(configoptional.Some(queue)), exporterhelper.WithRetry(configretry.NewDefaultBackOffConfig()))
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), r.collector()))
		return r, e
	}

	var tried atomic.Bool
	r, e := run(func(context.Context, plog.Logs) error {
		tried.Store(true)
		return errors.New("down")
	})
	for n := range 50 {
		logs := plog.NewLogs()
		logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(fmt.Sprint(n))
		require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	}
	testkit.Eventually(t, waiting, "an attempt", tried.Load)
	require.NoError(t, e.Shutdown(context.Background()))
	r.stop(t)

	sink := new(consumertest.LogsSink)
	r, e = run(sink.ConsumeLogs)
	testkit.Eventually(t, waiting, "the records", func() bool { return sink.LogRecordCount() >= 50 })
	require.NoError(t, e.Shutdown(context.Background()))
	r.stop(t)
	var want []string
	for n := range 50 {
		want = append(want, fmt.Sprint(n))
	}
	assert.ElementsMatch(t, want, lines(sink))
}
