// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/queueconnector/internal/metadata"
)

// untilCancelled is an exporter that tries for ever.
func untilCancelled(ctx context.Context, _ []string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatComesInGoesOut(t *testing.T) {
	b := &backend{}
	q, _ := run(t, t.TempDir(), quick, b, nil)
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint("line ", i))
		require.NoError(t, q.ConsumeLogs(t.Context(), logsOf(want[i])))
	}
	require.Eventually(t, func() bool { return len(b.got()) >= 100 }, patience, time.Millisecond)
	assert.ElementsMatch(t, want, b.got())
}

func TestDataSurvivesAStopInAnOutage(t *testing.T) {
	folder := t.TempDir()
	b := &backend{answer: untilCancelled}
	q, stop := run(t, folder, quick, b, nil)
	var want []string
	for i := range 50 { // More than are on their way at a time.
		want = append(want, fmt.Sprint("line ", i))
		require.NoError(t, q.ConsumeLogs(t.Context(), logsOf(want[i])), "the source is answered in an outage")
	}
	require.Eventually(t, func() bool { return b.count() >= 1 }, patience, time.Millisecond)
	stop()
	assert.Empty(t, b.got())

	b.set(nil)
	_, stop = run(t, folder, quick, b, nil)
	require.Eventually(t, func() bool { return len(b.got()) >= 50 }, patience, time.Millisecond)
	stop()
	assert.ElementsMatch(t, want, b.got())

	_, stop = run(t, folder, quick, b, nil)
	stop()
	assert.Len(t, b.got(), 50, "nothing was left")
}

func TestAShutdownWaitsForWhatIsOnItsWay(t *testing.T) {
	folder := t.TempDir()
	begun, finish := make(chan struct{}), make(chan struct{})
	b := &backend{}
	b.set(func(ctx context.Context, _ []string) error {
		close(begun)
		<-finish
		return ctx.Err()
	})
	q, stop := run(t, folder, quick, b, nil)
	q.grace = time.Hour
	require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("one")))
	<-begun
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("the shutdown did not wait")
	case <-time.After(20 * time.Millisecond): // Too short a time only hides an error.
	}
	close(finish)
	<-stopped
	assert.Equal(t, []string{"one"}, b.got())

	b.set(nil)
	_, stop = run(t, folder, quick, b, nil)
	stop()
	assert.Equal(t, []string{"one"}, b.got(), "delivered once")
}

// An exporter that is stopped may call anything permanent. Nobody has refused the data.
func TestAPermanentErrorInAShutdownKeepsTheData(t *testing.T) {
	folder := t.TempDir()
	b := &backend{answer: func(ctx context.Context, _ []string) error {
		<-ctx.Done()
		return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "cancelled"))
	}}
	q, stop := run(t, folder, quick, b, nil)
	require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("one")))
	require.Eventually(t, func() bool { return b.count() == 1 }, patience, time.Millisecond)
	stop()
	b.set(nil)
	run(t, folder, quick, b, nil)
	require.Eventually(t, func() bool { return len(b.got()) == 1 }, patience, time.Millisecond)
}

func TestOnlyDataThatIsRefusedIsDropped(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	b := &backend{answer: func(_ context.Context, lines []string) error {
		for _, line := range lines {
			if line == "bad" {
				return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "HTTP Status Code 400"))
			}
		}
		return nil
	}}
	q, stop := run(t, t.TempDir(), quick, b, telemetry)
	require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("bad")))
	require.Eventually(t, func() bool { return b.count() == 1 }, patience, time.Millisecond)
	require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("good")))
	require.Eventually(t, func() bool { return len(b.got()) == 1 }, patience, time.Millisecond)
	stop()
	assert.Equal(t, []string{"good"}, b.got())
	assert.Equal(t, 2, b.count(), "the bad line came once")
	assert.EqualValues(t, 1, sum(t, telemetry, "otelcol_exporter_send_failed_log_records"))
	assert.EqualValues(t, 1, sum(t, telemetry, "otelcol_exporter_sent_log_records"))
}

func sum(t *testing.T, telemetry *componenttest.Telemetry, name string) (total int64) {
	m, err := telemetry.GetMetric(name)
	require.NoError(t, err)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		total += point.Value
	}
	return total
}

func TestAFullQueueLetsTheSourceWait(t *testing.T) {
	const small = `
sending_queue: {storage: file_storage, queue_size: 200, batch: {flush_timeout: 10ms, min_size: 0}}
retry_on_failure: {initial_interval: 1ms, max_interval: 5ms}
`
	b := &backend{answer: untilCancelled}
	q, _ := run(t, t.TempDir(), small, b, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var err error
	for err == nil {
		err = q.ConsumeLogs(ctx, logsOf("a line of some length, so that a few of them fill the queue"))
	}
	require.ErrorIs(t, err, context.DeadlineExceeded, "it waited")
}

func TestAnErrorThatIsNoPermanentOneStaysAsItIs(t *testing.T) {
	plain := errors.New("connection refused")
	assert.Same(t, plain, verdict(plain))
	require.NoError(t, verdict(nil))
	noStatus := consumererror.NewPermanent(plain)
	assert.False(t, consumererror.IsPermanent(verdict(noStatus)), "whoever says nothing of the data has not refused it")
	assert.EqualError(t, verdict(noStatus), noStatus.Error())
}

func TestABatchThatComesAgainIsTheSame(t *testing.T) {
	b := &backend{}
	failed := false
	b.set(func(context.Context, []string) error {
		if !failed {
			failed = true
			return errors.New("connection refused")
		}
		return nil
	})
	q, _ := run(t, t.TempDir(), quick, b, nil)
	require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("one", "two")))
	require.Eventually(t, func() bool { return b.count() == 2 && len(b.got()) == 2 }, patience, time.Millisecond)
	assert.Equal(t, []string{"one", "two"}, b.got())
}

func TestAStorageThatIsNotThereIsNamed(t *testing.T) {
	made, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), readConfig(t, quick),
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{pipeline.NewID(pipeline.SignalLogs): &backend{}}))
	require.NoError(t, err)
	require.EqualError(t, made.Start(t.Context(), componenttest.NewNopHost()),
		"open storage client: storage extension 'file_storage' not found")
	require.NoError(t, made.Shutdown(t.Context()))
}
