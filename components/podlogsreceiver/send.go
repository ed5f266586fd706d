// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/deadletter"
	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// output is the pipeline behind the receiver. It is used by several goroutines.
type output struct {
	next    consumer.Logs
	report  *receiverhelper.ObsReport
	logger  *zap.Logger
	health  *health
	letters *deadletter.File
	// failing is true from the first failed send to the next one that succeeds.
	failing atomic.Bool
}

func newOutput(config *Config, set receiver.Settings, report *receiverhelper.ObsReport, health *health, next consumer.Logs) *output {
	o := &output{next: next, report: report, logger: set.Logger, health: health}
	if path := place(config.DeadLetter.Path, deadLetterFolder, set.ID, ".jsonl"); path != "" {
		o.letters = deadletter.New(path, config.DeadLetter.MaxBytes)
	}
	return o
}

// send is one attempt. The records are made anew for each, since the pipeline may
// change them.
func (o *output) send(ctx context.Context, l lines) error {
	ctx = o.report.StartLogsOp(ctx)
	err := o.next.ConsumeLogs(ctx, l.logs())
	o.report.EndLogsOp(ctx, metadata.Type.String(), l.Len(), err)
	o.tell(err)
	return err
}

// tell reports when the pipeline begins and ends to fail.
func (o *output) tell(err error) {
	if failed := err != nil; o.failing.Swap(failed) == failed {
		return
	}
	if err == nil {
		o.logger.Info("Log records are accepted again")
		o.health.send(nil)
		return
	}
	o.logger.Warn("Log records are not accepted; they stay in the log files and are sent again until they are", zap.Error(err))
	o.health.send(err)
}

// answered finds the HTTP status in the errors of the OTLP exporter, which has none in
// another form for what has no counterpart in gRPC.
var answered = regexp.MustCompile(`HTTP Status Code (\d{3})`)

// judge says what an error means. Exporters call permanent whatever they do not try
// again themselves, a wrong password among it. Only an answer that speaks of the data
// is taken as refusing it.
func (o *output) judge(err error) delivery.Verdict {
	if !consumererror.IsPermanent(err) {
		return delivery.Transient
	}
	answer, ok := status.FromError(err)
	if !ok {
		return delivery.Transient
	}
	switch answer.Code() {
	case codes.InvalidArgument:
		return delivery.Refused
	case codes.Unauthenticated, codes.PermissionDenied, codes.NotFound, codes.Unimplemented:
		return delivery.Misconfigured
	case codes.ResourceExhausted:
		// gRPC has one code for "slow down" and for "too large".
		if strings.Contains(answer.Message(), "larger than max") {
			return delivery.Refused
		}
	case codes.Unknown:
		if found := answered.FindStringSubmatch(err.Error()); found != nil && (found[1] == "413" || found[1] == "422") {
			return delivery.Refused
		}
	}
	return delivery.Transient
}

// letter is a record in the dead-letter file.
type letter struct {
	RefusedAt string            `json:"refused_at"`
	Reason    string            `json:"reason"`
	Resource  map[string]string `json:"resource"`
	Stream    string            `json:"stream,omitempty"`
	Timestamp string            `json:"timestamp,omitempty"`
	Line      string            `json:"line"`
	// LineBase64 are the bytes of a line that is no UTF-8.
	LineBase64 []byte `json:"line_base64,omitempty"`
}

// maxReason is how much is kept of an error, in bytes.
const maxReason = 1024

// deadLetter keeps records that were refused alone.
func (o *output) deadLetter(refused []delivery.Letter[lines]) error {
	o.logger.Warn("Log records were refused for good", zap.Int("records", len(refused)), zap.Error(refused[0].Reason))
	if o.letters == nil {
		return nil
	}
	records := make([]any, 0, len(refused))
	for _, l := range refused {
		records = append(records, newLetter(l))
	}
	return o.letters.Write(records...)
}

func newLetter(refused delivery.Letter[lines]) letter {
	r := refused.Payload.records[0]
	from := refused.Payload.origins[r.origin]
	l := letter{
		RefusedAt: time.Now().UTC().Format(time.RFC3339), Reason: shorten(refused.Reason.Error()),
		Resource: map[string]string{}, Line: refused.Payload.body(r),
	}
	for key, value := range from.resource.Attributes().All() {
		l.Resource[key] = value.AsString()
	}
	if r.stream != runtimelog.None {
		l.Stream = r.stream.String()
	}
	if r.time != 0 {
		l.Timestamp = time.Unix(0, r.time).UTC().Format(time.RFC3339Nano)
	}
	if !utf8.ValidString(l.Line) {
		l.LineBase64 = []byte(l.Line)
	}
	return l
}

func shorten(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "") + "…"
}

func (o *output) close() error {
	if o.letters == nil {
		return nil
	}
	return o.letters.Close()
}
