// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// metrics are read when somebody asks for them. One call reads the books for all, so
// that what was read is equal to what became of it in each answer.
type metrics struct {
	builder      *metadata.TelemetryBuilder
	registration metric.Registration
}

func newMetrics(r *podLogs) (*metrics, error) {
	b, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	m := &metrics{builder: b}
	m.registration, err = metadata.Meter(r.set.TelemetrySettings).RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			m.books(r, o)
			m.files(r, o)
			return nil
		},
		b.ReceiverPodLogsAnomalies, b.ReceiverPodLogsAtRiskBytes, b.ReceiverPodLogsDeadLetteredBytes,
		b.ReceiverPodLogsDeadLetteredLogRecords, b.ReceiverPodLogsDeliveredBytes, b.ReceiverPodLogsDeliveredLogRecords,
		b.ReceiverPodLogsDroppedBytes, b.ReceiverPodLogsDroppedLogRecords, b.ReceiverPodLogsFailedSends,
		b.ReceiverPodLogsFiles, b.ReceiverPodLogsInFlightBytes, b.ReceiverPodLogsInFlightLogRecords,
		b.ReceiverPodLogsLagBytes, b.ReceiverPodLogsLagDuration, b.ReceiverPodLogsReadBytes,
		b.ReceiverPodLogsReadLogRecords, b.ReceiverPodLogsSpilledBytes,
	)
	return m, err
}

// books observes what was read and what became of it.
func (m *metrics) books(r *podLogs, o metric.Observer) {
	b, s := m.builder, r.window.Stats()
	o.ObserveInt64(b.ReceiverPodLogsReadLogRecords, s.Added.Records)
	o.ObserveInt64(b.ReceiverPodLogsReadBytes, s.Added.Bytes)
	o.ObserveInt64(b.ReceiverPodLogsDeliveredLogRecords, s.Delivered.Records)
	o.ObserveInt64(b.ReceiverPodLogsDeliveredBytes, s.Delivered.Bytes)
	o.ObserveInt64(b.ReceiverPodLogsDeadLetteredLogRecords, s.DeadLettered.Records)
	o.ObserveInt64(b.ReceiverPodLogsDeadLetteredBytes, s.DeadLettered.Bytes)
	o.ObserveInt64(b.ReceiverPodLogsDroppedLogRecords, s.Dropped.Records)
	o.ObserveInt64(b.ReceiverPodLogsDroppedBytes, s.Dropped.Bytes)
	o.ObserveInt64(b.ReceiverPodLogsInFlightLogRecords, s.InFlight.Records)
	o.ObserveInt64(b.ReceiverPodLogsInFlightBytes, s.InFlight.Bytes)
	for verdict, n := range map[string]int64{
		"transient": s.Failures.Transient, "misconfigured": s.Failures.Misconfigured, "refused": s.Failures.Refused,
	} {
		o.ObserveInt64(b.ReceiverPodLogsFailedSends, n, with("verdict", verdict))
	}
}

// files observes the state of the files.
func (m *metrics) files(r *podLogs, o metric.Observer) {
	b, g := m.builder, r.tail.Gauges()
	for state, n := range map[string]int64{
		"reading": g.Reading, "idle": g.Idle, "waiting": g.Waiting, "finished": g.Finished, "troubled": g.Troubled,
	} {
		o.ObserveInt64(b.ReceiverPodLogsFiles, n, with("state", state))
	}
	o.ObserveInt64(b.ReceiverPodLogsLagBytes, g.LagBytes)
	o.ObserveFloat64(b.ReceiverPodLogsLagDuration, g.LagSeconds)
	o.ObserveInt64(b.ReceiverPodLogsAtRiskBytes, g.AtRiskBytes)
	if r.spilled != nil {
		o.ObserveInt64(b.ReceiverPodLogsSpilledBytes, r.spilled.Bytes())
	}
	for _, kind := range kinds {
		o.ObserveInt64(b.ReceiverPodLogsAnomalies, r.trouble.Of(kind.Name), with("kind", string(kind.Name)))
	}
}

func with(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))
}

func (m *metrics) close() error {
	m.builder.Shutdown()
	return errors.Join(m.registration.Unregister())
}
