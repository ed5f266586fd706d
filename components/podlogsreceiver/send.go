// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/outlet"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// send is one attempt. The records are made anew for each, since the pipeline may
// change them.
func (r *podLogs) send(ctx context.Context, l lines) error {
	logs, unparsed := l.logs()
	if unparsed > 0 && l.flight.tried.CompareAndSwap(false, true) {
		r.trouble.Add(unparsedLine, int64(unparsed))
	}
	return r.outlet.Send(ctx, logs)
}

// letter is a record in the dead-letter file.
type letter struct {
	outlet.Letter
	Stream    string `json:"stream,omitempty"`
	Timestamp string `json:"timestamp,omitempty"`
	Line      string `json:"line"`
	// LineBase64 are the bytes of a line that is no UTF-8.
	LineBase64 []byte `json:"line_base64,omitempty"`
}

// deadLetter keeps records that were refused alone.
func (r *podLogs) deadLetter(refused []delivery.Letter[lines]) error {
	letters := make([]any, 0, len(refused))
	for _, l := range refused {
		letters = append(letters, newLetter(l))
	}
	return r.outlet.Keep(letters, refused[0].Reason)
}

func newLetter(refused delivery.Letter[lines]) letter {
	r := refused.Payload.records[0]
	line := refused.Payload.body(r)
	l := letter{
		Letter:    outlet.NewLetter(refused.Reason, refused.Payload.origins[r.origin].resource),
		Timestamp: outlet.Stamp(pcommon.Timestamp(r.time)), Line: line, LineBase64: outlet.Base64(line), //nolint:gosec // Bits, not a number.
	}
	if r.stream != runtimelog.None {
		l.Stream = r.stream.String()
	}
	return l
}
