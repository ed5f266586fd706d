// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

const noQueue = "sending_queue: {enabled: false}\n"

// A call that waits for another attempt, here for ten minutes, does not hold up a
// shutdown; it says that it has not delivered.
func TestShutdownDoesNotWaitForLoki(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	loki.SetFault(lokifake.Fault{Status: 503, RetryAfter: 10 * time.Minute})
	e, stop := runOn(t, &host{}, loki.URL(), noQueue)
	ld := logsOf(t, attrs{"__tenant_id__": "a"}, rec{body: "x"})
	appendLogs(t, ld, attrs{"__tenant_id__": "b"}, rec{body: "y"})
	s := e.begin(context.Background(), ld)
	require.Eventually(t, func() bool { return e.sum(t, "waiting_requests") == 2 }, patience, time.Millisecond)
	stop()
	require.ErrorIs(t, s.wait(t), errStopping)
	assert.Zero(t, e.sum(t, "delivered_log_records"))
	assert.Empty(t, e.letters(t))
}

// What is in the queue when the collector stops during an outage is still there
// when it comes back.
func TestAQueueOnDiskSurvivesAStopInAnOutage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	onDisk := func(t *testing.T) *host {
		return (&host{}).with(t, filestorage.NewFactory(), "{directory: "+folder+", fsync: false}")
	}
	const queue = "sending_queue: {storage: file_storage, num_consumers: 3}\n"
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{Status: 503})
	var want []string
	t.Run("stop", func(t *testing.T) {
		e, stop := runOn(t, onDisk(t), loki.URL(), queue)
		for i := range 10 { // More than are being sent at a time.
			line := fmt.Sprint("line ", i)
			want = append(want, line)
			require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: line})))
		}
		require.Eventually(t, func() bool { return e.sum(t, "waiting_requests") == 3 }, patience, time.Millisecond)
		stop()
		assert.Zero(t, e.sum(t, "delivered_log_records"))
	})
	assert.Zero(t, loki.Count())
	t.Run("begin again", func(t *testing.T) {
		loki.ClearFault()
		_, stop := runOn(t, onDisk(t), loki.URL(), queue)
		loki.WaitEntries(t, 10, patience)
		stop()
	})
	assert.ElementsMatch(t, want, linesOf(loki.Entries("")))
	t.Run("and once more", func(t *testing.T) {
		before := len(loki.Requests())
		e, stop := runOn(t, onDisk(t), loki.URL(), queue)
		require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "last"})))
		loki.WaitEntries(t, 11, patience)
		stop()
		assert.Len(t, loki.Requests(), before+1, "nothing was left in the queue")
	})
}

func TestTheQueueInMemoryIsSentBeforeTheEnd(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e, stop := runOn(t, &host{}, loki.URL(), "sending_queue: {num_consumers: 1}\n")
	for i := range 20 {
		require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: fmt.Sprint(i)})))
	}
	stop()
	assert.Equal(t, 20, loki.Count())
}

func TestShutdownTwiceDoesNoHarm(t *testing.T) {
	t.Parallel()
	for _, queue := range []string{noQueue, ""} {
		_, stop := runOn(t, &host{}, "http://127.0.0.1:1", queue)
		stop()
		stop()
	}
}

func TestShutdownWithoutStart(t *testing.T) {
	t.Parallel()
	e := created(t)
	require.NoError(t, e.Shutdown(context.Background()))
	require.NoError(t, e.Shutdown(context.Background()))
}

func TestACallAfterShutdownDeliversOrFails(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e, stop := runOn(t, &host{}, loki.URL(), noQueue)
	stop()
	require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "x"})))
	assert.Equal(t, 1, loki.Count())
	loki.SetFault(lokifake.Fault{Status: 503})
	require.ErrorIs(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "y"})), errStopping)
}

func TestTheFactoryReportsAWrongEndpoint(t *testing.T) {
	t.Parallel()
	config := createDefaultConfig().(*Config)
	_, err := NewFactory().CreateLogs(context.Background(), exportertest.NewNopSettings(metadata.Type), config)
	require.ErrorContains(t, err, "`endpoint` must be")
}

func TestAnExtensionThatIsNotThereIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	config, err := load(t, "endpoint: http://loki:3100\nauth: {authenticator: basicauth}")
	require.NoError(t, err)
	e, err := NewFactory().CreateLogs(context.Background(), exportertest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	h := &host{extensions: map[component.ID]component.Component{}}
	require.ErrorContains(t, e.Start(context.Background(), h), "basicauth")
	require.NoError(t, e.Shutdown(context.Background()))
}

func created(t testing.TB) exporter.Logs {
	t.Helper()
	config, err := load(t, "endpoint: http://loki:3100")
	require.NoError(t, err)
	e, err := NewFactory().CreateLogs(context.Background(), exportertest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	return e
}
