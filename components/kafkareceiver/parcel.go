// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// message is one message of Kafka, however often it is cut.
type message struct {
	// waiting ends when nobody waits for the message any more.
	waiting context.Context //nolint:containedctx // It is that of the caller, who waits.
	// done is closed when all of it is delivered or kept, failed when an attempt has failed for which nobody waits.
	done, failed chan struct{}
	once         sync.Once
	sending      atomic.Bool
}

func newMessage(waiting context.Context) *message {
	return &message{waiting: waiting, done: make(chan struct{}), failed: make(chan struct{})}
}

func (m *message) abandon() error {
	m.once.Do(func() { close(m.failed) })
	return errAbandoned
}

// parcel is a message, or a part of it after a refusal.
type parcel struct {
	message *message
	logs    plog.Logs
}

// Len implements delivery.Payload.
func (p *parcel) Len() int { return p.logs.LogRecordCount() }

// Split implements delivery.Payload.
func (p *parcel) Split(n int) (first, rest *parcel) {
	head := plog.NewLogs()
	p.logs.ResourceLogs().RemoveIf(func(from plog.ResourceLogs) bool {
		if n == 0 {
			return false
		}
		to := head.ResourceLogs().AppendEmpty()
		from.Resource().CopyTo(to.Resource())
		to.SetSchemaUrl(from.SchemaUrl())
		from.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			if n == 0 {
				return false
			}
			into := to.ScopeLogs().AppendEmpty()
			scope.Scope().CopyTo(into.Scope())
			into.SetSchemaUrl(scope.SchemaUrl())
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				if n == 0 {
					return false
				}
				n--
				record.MoveTo(into.LogRecords().AppendEmpty())
				return true
			})
			return scope.LogRecords().Len() == 0
		})
		return from.ScopeLogs().Len() == 0
	})
	return &parcel{p.message, head}, p
}

// letter is a record in the dead-letter file.
type letter struct {
	outlet.Letter
	Timestamp  string            `json:"timestamp,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Body       string            `json:"body"`
}

// letter makes one of the only record.
func (p *parcel) letter(reason error) letter {
	for _, resource := range p.logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				return letter{
					Letter:    outlet.NewLetter(reason, resource.Resource()),
					Timestamp: outlet.Stamp(record.Timestamp()), Attributes: outlet.Texts(record.Attributes()), Body: record.Body().AsString(),
				}
			}
		}
	}
	return letter{}
}
