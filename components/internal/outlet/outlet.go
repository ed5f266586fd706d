// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/deadletter"
)

// Options say whose outlet it is.
type Options struct {
	// Settings are those of the receiver, Next is what is behind it.
	Settings receiver.Settings
	Next     consumer.Logs
	// Where is the place in which records wait that are not accepted, as in "they stay
	// in the log files".
	Where string
	// DeadLetter says where records go that are refused for good.
	DeadLetter DeadLetterConfig
	// Uncounted is for a receiver that counts its records itself.
	Uncounted bool
}

// Outlet is the pipeline behind a receiver. It may be used by several goroutines.
type Outlet struct {
	// Health is the status of the receiver.
	Health Health

	next consumer.Logs
	// report is nil where the receiver counts.
	report  *receiverhelper.ObsReport
	format  string
	where   string
	logger  *zap.Logger
	letters *deadletter.File
	// failing is true from the first failed send to the next one that succeeds.
	failing atomic.Bool
	stall   stall
}

// New returns the outlet of a receiver. Nothing is opened yet.
func New(o Options) (*Outlet, error) {
	var report *receiverhelper.ObsReport
	if !o.Uncounted {
		var err error
		report, err = receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
			ReceiverID: o.Settings.ID, LongLivedCtx: true, ReceiverCreateSettings: o.Settings,
		})
		if err != nil {
			return nil, err
		}
	}
	out := &Outlet{next: o.Next, report: report, format: o.Settings.ID.Type().String(), where: o.Where, logger: o.Settings.Logger}
	out.stall.tell = out.tellSilence
	if path := Place(o.DeadLetter.Path, deadLetterFolder, o.Settings.ID, ".jsonl"); path != "" {
		out.letters = deadletter.New(path, o.DeadLetter.MaxBytes)
	}
	return out, nil
}

// Send is one attempt. The pipeline may change the records: a further attempt needs
// them made anew.
func (o *Outlet) Send(ctx context.Context, logs plog.Logs) error {
	end := func(error) {}
	if o.report != nil {
		records := logs.LogRecordCount()
		ctx = o.report.StartLogsOp(ctx)
		end = func(err error) { o.report.EndLogsOp(ctx, o.format, records, err) }
	}
	o.stall.begin()
	err := o.next.ConsumeLogs(ctx, logs)
	o.stall.end()
	end(err)
	o.tell(err)
	return err
}

// tell reports when the pipeline begins and ends to fail.
func (o *Outlet) tell(err error) {
	if failed := err != nil; o.failing.Swap(failed) == failed {
		return
	}
	o.Health.send(err)
	if err == nil {
		o.logger.Info("Log records are accepted again")
		return
	}
	o.logger.Warn("Log records are not accepted; they stay in "+o.where+" and are sent again until they are", zap.Error(err))
}

// tellSilence reports that nothing is answered, and that something is again.
func (o *Outlet) tellSilence(err error) {
	o.Health.silent(err)
	if err == nil {
		o.logger.Info("The backend answers again")
		return
	}
	o.logger.Warn("Nothing is delivered; log records stay in "+o.where+" until the backend answers", zap.Error(err))
}

// Close closes the dead-letter file, and ends telling that nothing is answered.
func (o *Outlet) Close() error {
	o.stall.close()
	if o.letters == nil {
		return nil
	}
	return o.letters.Close()
}
