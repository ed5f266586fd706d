// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// grace is how long an attempt may go on whose partition is given back, so that the message does not come twice without
// need. It is well below the time in which Kafka expects partitions back.
const grace = 5 * time.Second

// errAbandoned is the error of an attempt for which nobody waits any more.
var errAbandoned = errors.New("the partition was given back")

// desk is where the messages of all partitions wait until they are delivered. It is the consumer that upstream hands
// them to, and may be used by several goroutines.
type desk struct {
	outlet *outlet.Outlet
	window *delivery.Window[struct{}]
	sender *delivery.Sender[struct{}, *parcel]
	grace  time.Duration
}

var _ consumer.Logs = (*desk)(nil)

func newDesk(options outlet.Options) (*desk, error) {
	out, err := outlet.New(options)
	if err != nil {
		return nil, err
	}
	d := &desk{outlet: out, window: delivery.NewWindow[struct{}](delivery.Limits{}), grace: grace}
	d.sender = delivery.NewSender(d.window, delivery.Options[*parcel]{
		Send: d.send, Judge: judge, DeadLetter: d.keep, Done: func(p *parcel) { close(p.message.done) },
		MaxInterval: 10 * time.Second,
	})
	return d, nil
}

// Capabilities implements consumer.Logs. What is handed on is a copy.
func (*desk) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs returns nil when the backend has all of the message, or it is kept in the dead-letter file. The only error
// is that the context ended before, which is when the partition is given back; somebody else gets the message then.
func (d *desk) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	m := newMessage(ctx)
	batch := d.window.NewBatch()
	records := logs.LogRecordCount()
	batch.Add(d.window.NewSource(struct{}{}), struct{}{}, 0, records)
	if err := d.sender.Deliver(batch, &parcel{message: m, logs: logs}); err != nil {
		return err
	}
	if records == 0 {
		return nil
	}
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
	}
	if !m.sending.Load() {
		return context.Cause(ctx)
	}
	// An attempt is on its way, and ends within the grace time. Whoever does not heed the end of a context is not waited
	// for any longer.
	timer := time.NewTimer(2 * d.grace)
	defer timer.Stop()
	select {
	case <-m.done:
		return nil
	case <-m.failed:
	case <-timer.C:
	}
	return context.Cause(ctx)
}

// send is one attempt. When nobody waits any more it has a grace time: an attempt that is cut off may have arrived all
// the same.
func (d *desk) send(_ context.Context, p *parcel) error {
	m := p.message
	m.sending.Store(true)
	if m.waiting.Err() != nil {
		return m.abandon()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(m.waiting))
	defer cancel()
	defer context.AfterFunc(m.waiting, func() {
		timer := time.NewTimer(d.grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-ctx.Done():
		}
	})()
	// The pipeline may change what it is given.
	handed := plog.NewLogs()
	p.logs.CopyTo(handed)
	err := d.outlet.Send(ctx, handed)
	if err == nil {
		return nil
	}
	if m.waiting.Err() != nil {
		return m.abandon()
	}
	m.sending.Store(false)
	return err
}

func judge(err error) delivery.Verdict {
	if errors.Is(err, errAbandoned) {
		return delivery.Abandoned
	}
	return outlet.Judge(err)
}

// keep writes what is refused for good to the dead-letter file.
func (d *desk) keep(refused []delivery.Letter[*parcel]) error {
	letters := make([]any, 0, len(refused))
	for _, one := range refused {
		letters = append(letters, one.Payload.letter(one.Reason))
	}
	return d.outlet.Keep(letters, refused[len(refused)-1].Reason)
}

// close is called when nobody waits any more. What is not delivered is still in Kafka; whoever gets the partition gets it.
func (d *desk) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.grace)
	defer cancel()
	_ = d.sender.Close(ctx)
	return d.outlet.Close()
}
