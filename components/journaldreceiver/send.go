// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/adapter"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// send is one attempt. The records are made anew for each, since the pipeline may
// change them.
func (r *journald) send(ctx context.Context, l lot) error { return r.outlet.Send(ctx, r.logs(l)) }

func (r *journald) logs(l lot) plog.Logs {
	if l.made != nil {
		return adapter.ConvertEntries(l.made)
	}
	// A mapper is used by one goroutine at a time, and knows values from one lot to the
	// next.
	var m *mapper
	select {
	case m = <-r.mappers:
	default:
		m = newMapper(r.config)
	}
	logs := m.logs(l.entries, l.observed)
	select {
	case r.mappers <- m:
	default:
	}
	return logs
}

// letter is a record in the dead-letter file.
type letter struct {
	outlet.Letter
	Timestamp  string            `json:"timestamp,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Body       string            `json:"body"`
}

// deadLetter keeps records that were refused alone.
func (r *journald) deadLetter(refused []delivery.Letter[lot]) error {
	letters := make([]any, 0, len(refused))
	for _, l := range refused {
		letters = append(letters, newLetter(r.logs(l.Payload), l.Reason))
	}
	return r.outlet.Keep(letters, refused[0].Reason)
}

func newLetter(logs plog.Logs, reason error) letter {
	resource := logs.ResourceLogs().At(0)
	record := resource.ScopeLogs().At(0).LogRecords().At(0)
	return letter{
		Letter:    outlet.NewLetter(reason, resource.Resource()),
		Timestamp: outlet.Stamp(record.Timestamp()), Attributes: outlet.Texts(record.Attributes()), Body: record.Body().AsString(),
	}
}
