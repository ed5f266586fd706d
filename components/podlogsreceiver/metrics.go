// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tributary-otel/tributary/components/internal/ratelimit"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// metrics are read when somebody asks for them. One call reads the books for all, so
// that what was read is equal to what became of it in each answer.
type metrics struct {
	builder      *metadata.TelemetryBuilder
	registration metric.Registration
	// receiver tells apart the metrics of several receivers in one process.
	receiver attribute.KeyValue
}

func newMetrics(r *podLogs) (*metrics, error) {
	b, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	m := &metrics{builder: b, receiver: attribute.String("receiver", r.set.ID.String())}
	m.registration, err = metadata.Meter(r.set.TelemetrySettings).RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			m.books(r, o)
			m.files(r, o)
			return nil
		},
		b.ReceiverPodLogsAnomalies, b.ReceiverPodLogsAtRiskBytes, b.ReceiverPodLogsDeadLetterFailures, b.ReceiverPodLogsDeadLetteredBytes,
		b.ReceiverPodLogsDeadLetteredLogRecords, b.ReceiverPodLogsDeliveredBytes, b.ReceiverPodLogsDeliveredLogRecords,
		b.ReceiverPodLogsDroppedBytes, b.ReceiverPodLogsDroppedLogRecords, b.ReceiverPodLogsFailedSends,
		b.ReceiverPodLogsFiles, b.ReceiverPodLogsInFlightBytes, b.ReceiverPodLogsInFlightLogRecords,
		b.ReceiverPodLogsLagBytes, b.ReceiverPodLogsLagDuration, b.ReceiverPodLogsLimitedBytes,
		b.ReceiverPodLogsLimitedLogRecords, b.ReceiverPodLogsPausedDuration, b.ReceiverPodLogsReadBytes,
		b.ReceiverPodLogsReadLogRecords, b.ReceiverPodLogsSpilledBytes,
	)
	return m, err
}

// books observes what was read and what became of it.
func (m *metrics) books(r *podLogs, o metric.Observer) {
	b, s, own := m.builder, r.window.Stats(), metric.WithAttributes(m.receiver)
	o.ObserveInt64(b.ReceiverPodLogsReadLogRecords, s.Added.Records, own)
	o.ObserveInt64(b.ReceiverPodLogsReadBytes, s.Added.Bytes, own)
	o.ObserveInt64(b.ReceiverPodLogsDeliveredLogRecords, s.Delivered.Records, own)
	o.ObserveInt64(b.ReceiverPodLogsDeliveredBytes, s.Delivered.Bytes, own)
	o.ObserveInt64(b.ReceiverPodLogsDeadLetteredLogRecords, s.DeadLettered.Records, own)
	o.ObserveInt64(b.ReceiverPodLogsDeadLetteredBytes, s.DeadLettered.Bytes, own)
	o.ObserveInt64(b.ReceiverPodLogsDroppedLogRecords, s.Dropped.Records, own)
	o.ObserveInt64(b.ReceiverPodLogsDroppedBytes, s.Dropped.Bytes, own)
	o.ObserveInt64(b.ReceiverPodLogsDeadLetterFailures, s.Failures.DeadLetter, own)
	o.ObserveInt64(b.ReceiverPodLogsInFlightLogRecords, s.InFlight.Records, own)
	o.ObserveInt64(b.ReceiverPodLogsInFlightBytes, s.InFlight.Bytes, own)
	for verdict, n := range map[string]int64{
		"transient": s.Failures.Transient, "misconfigured": s.Failures.Misconfigured, "refused": s.Failures.Refused,
	} {
		o.ObserveInt64(b.ReceiverPodLogsFailedSends, n, m.with("verdict", verdict))
	}
}

// files observes the state of the files.
func (m *metrics) files(r *podLogs, o metric.Observer) {
	b, g, own := m.builder, r.tail.Gauges(), metric.WithAttributes(m.receiver)
	for state, n := range map[string]int64{
		"reading": g.Reading, "paused": g.Paused, "idle": g.Idle, "waiting": g.Waiting, "finished": g.Finished, "troubled": g.Troubled,
	} {
		o.ObserveInt64(b.ReceiverPodLogsFiles, n, m.with("state", state))
	}
	o.ObserveInt64(b.ReceiverPodLogsLagBytes, g.LagBytes, own)
	o.ObserveFloat64(b.ReceiverPodLogsLagDuration, g.LagSeconds, own)
	o.ObserveFloat64(b.ReceiverPodLogsPausedDuration, g.PausedSeconds, own)
	for scope, reason := range [...]string{ratelimit.Pod: "pod_limit", ratelimit.Namespace: "namespace_limit"} {
		n := &r.limits.dropped[scope]
		o.ObserveInt64(b.ReceiverPodLogsLimitedLogRecords, n.records.Load(), m.with("reason", reason))
		o.ObserveInt64(b.ReceiverPodLogsLimitedBytes, n.bytes.Load(), m.with("reason", reason))
	}
	o.ObserveInt64(b.ReceiverPodLogsAtRiskBytes, g.AtRiskBytes, own)
	if r.spilled != nil {
		o.ObserveInt64(b.ReceiverPodLogsSpilledBytes, r.spilled.Bytes(), own)
	}
	for _, kind := range kinds {
		o.ObserveInt64(b.ReceiverPodLogsAnomalies, r.trouble.Of(kind.Name), m.with("kind", string(kind.Name)))
	}
}

// with returns the attributes of a value that has one of its own.
func (m *metrics) with(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(m.receiver, attribute.String(key, value)))
}

func (m *metrics) close() error {
	m.builder.Shutdown()
	return errors.Join(m.registration.Unregister())
}
