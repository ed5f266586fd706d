// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Record is one log record as the backend received it, with its resource and
// scope beside it. Maps and slices may be shared between records, so a test
// must not change them.
type Record struct {
	// Resource holds the attributes of the resource as plain Go values.
	Resource map[string]any
	// ScopeName is the name of the instrumentation scope.
	ScopeName string
	// Attributes holds the attributes of the record as plain Go values.
	Attributes map[string]any
	// Body is the body as a plain Go value: a string, a bool, an int64, a
	// float64, a []byte, a map[string]any, a []any, or nil when there is none.
	Body any
	// SeverityText is the severity as the sender wrote it.
	SeverityText string
	// SeverityNumber is the severity on the scale of OpenTelemetry, 0 for none.
	SeverityNumber int32
	// Timestamp is when the event happened, in UTC; the zero Time when unset.
	Timestamp time.Time
	// Observed is when the collector saw it, in UTC; the zero Time when unset.
	Observed time.Time
	// Flags are the trace flags.
	Flags uint32
	// TraceID is in lower-case hexadecimal, empty when unset.
	TraceID string
	// SpanID is in lower-case hexadecimal, empty when unset.
	SpanID string
}

// flatten lists the records of logs in the order in which they are encoded.
func flatten(logs plog.Logs) []Record {
	records := make([]Record, 0, logs.LogRecordCount())
	for _, ofResource := range logs.ResourceLogs().All() {
		resource := ofResource.Resource().Attributes().AsRaw()
		for _, ofScope := range ofResource.ScopeLogs().All() {
			scope := ofScope.Scope().Name()
			for _, log := range ofScope.LogRecords().All() {
				records = append(records, newRecord(resource, scope, log))
			}
		}
	}
	return records
}

func newRecord(resource map[string]any, scope string, log plog.LogRecord) Record {
	return Record{
		Resource:       resource,
		ScopeName:      scope,
		Attributes:     log.Attributes().AsRaw(),
		Body:           log.Body().AsRaw(),
		SeverityText:   log.SeverityText(),
		SeverityNumber: int32(log.SeverityNumber()),
		Timestamp:      asTime(log.Timestamp()),
		Observed:       asTime(log.ObservedTimestamp()),
		Flags:          uint32(log.Flags()),
		TraceID:        log.TraceID().String(),
		SpanID:         log.SpanID().String(),
	}
}

// asTime maps the unset stamp to the zero Time, because a record without a time
// and a record of 1970 must not look alike.
func asTime(stamp pcommon.Timestamp) time.Time {
	if stamp == 0 {
		return time.Time{}
	}
	return stamp.AsTime()
}
