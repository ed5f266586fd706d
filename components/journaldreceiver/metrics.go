// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tributary-otel/tributary/components/journaldreceiver/internal/metadata"
)

// metrics are read when somebody asks for them. One call reads the books for all, so
// that what was read is equal to what became of it in each answer.
type metrics struct {
	builder      *metadata.TelemetryBuilder
	registration metric.Registration
	// receiver tells apart the metrics of several receivers in one process.
	receiver attribute.KeyValue
}

func newMetrics(r *journald) (*metrics, error) {
	b, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	m := &metrics{builder: b, receiver: attribute.String("receiver", r.set.ID.String())}
	m.registration, err = metadata.Meter(r.set.TelemetrySettings).RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			m.books(r, o)
			m.journal(r, o)
			return nil
		},
		b.ReceiverJournaldAnomalies, b.ReceiverJournaldDeadLetterFailures, b.ReceiverJournaldDeadLetteredBytes, b.ReceiverJournaldDeadLetteredLogRecords,
		b.ReceiverJournaldDeliveredBytes, b.ReceiverJournaldDeliveredLogRecords, b.ReceiverJournaldDuplicateEntries,
		b.ReceiverJournaldFailedSends, b.ReceiverJournaldFiles, b.ReceiverJournaldFilteredEntries,
		b.ReceiverJournaldInFlightBytes, b.ReceiverJournaldInFlightLogRecords, b.ReceiverJournaldLagDuration,
		b.ReceiverJournaldLostEntries, b.ReceiverJournaldReadBytes, b.ReceiverJournaldReadLogRecords,
	)
	return m, err
}

// books observes what was read and what became of it.
func (m *metrics) books(r *journald, o metric.Observer) {
	b, s, own := m.builder, r.window.Stats(), metric.WithAttributes(m.receiver)
	o.ObserveInt64(b.ReceiverJournaldReadLogRecords, s.Added.Records, own)
	o.ObserveInt64(b.ReceiverJournaldReadBytes, s.Added.Bytes, own)
	o.ObserveInt64(b.ReceiverJournaldDeliveredLogRecords, s.Delivered.Records, own)
	o.ObserveInt64(b.ReceiverJournaldDeliveredBytes, s.Delivered.Bytes, own)
	o.ObserveInt64(b.ReceiverJournaldDeadLetteredLogRecords, s.DeadLettered.Records, own)
	o.ObserveInt64(b.ReceiverJournaldDeadLetteredBytes, s.DeadLettered.Bytes, own)
	o.ObserveInt64(b.ReceiverJournaldDeadLetterFailures, s.Failures.DeadLetter, own)
	o.ObserveInt64(b.ReceiverJournaldInFlightLogRecords, s.InFlight.Records, own)
	o.ObserveInt64(b.ReceiverJournaldInFlightBytes, s.InFlight.Bytes, own)
	for verdict, n := range map[string]int64{
		"transient": s.Failures.Transient, "misconfigured": s.Failures.Misconfigured, "refused": s.Failures.Refused,
	} {
		o.ObserveInt64(b.ReceiverJournaldFailedSends, n, m.with("verdict", verdict))
	}
}

// journal observes the state of the files.
func (m *metrics) journal(r *journald, o metric.Observer) {
	b, s, own := m.builder, r.reader.Stats(), metric.WithAttributes(m.receiver)
	o.ObserveInt64(b.ReceiverJournaldFilteredEntries, s.Filtered, own)
	o.ObserveInt64(b.ReceiverJournaldDuplicateEntries, s.Duplicates, own)
	o.ObserveInt64(b.ReceiverJournaldLostEntries, s.Lost, own)
	o.ObserveInt64(b.ReceiverJournaldFiles, int64(s.Files), m.with("state", "open"))
	o.ObserveInt64(b.ReceiverJournaldFiles, int64(s.Troubled), m.with("state", "troubled"))
	o.ObserveFloat64(b.ReceiverJournaldLagDuration, (time.Duration(s.LagMicroseconds) * time.Microsecond).Seconds(), own)
	for _, kind := range kinds {
		o.ObserveInt64(b.ReceiverJournaldAnomalies, r.trouble.Of(kind.Name), m.with("kind", string(kind.Name)))
	}
}

// with returns the attributes of a value that has one of its own.
func (m *metrics) with(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(m.receiver, attribute.String(key, value)))
}

func (m *metrics) close() error {
	m.builder.Shutdown()
	return m.registration.Unregister()
}
