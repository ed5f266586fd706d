// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/journal"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// reader is what is used of a journal.Reader.
type reader interface {
	Next() (*journal.Entry, error)
	Wait(ctx context.Context) error
	Position() journal.Cursor
	Marks() []journal.Mark
	SeekHead()
	SeekTail()
	SeekRealtime(usec uint64)
	SeekCursor(c journal.Cursor)
	SeekMarks(marks []journal.Mark)
	Stats() journal.Stats
	Close() error
}

// journald is the receiver. One goroutine reads and fills the lots; what it uses needs
// no lock.
type journald struct {
	config  *Config
	set     receiver.Settings
	window  *delivery.Window[position]
	source  *delivery.Source[position]
	sender  *delivery.Sender[position, lot]
	outlet  *outlet.Outlet
	trouble *trouble
	store   *store
	metrics *metrics
	// open makes the reader; tests have their own.
	open   func(journal.Options) (reader, error)
	reader reader
	// mappers are those that no lot is made into records with. There are as many as
	// lots may be on their way.
	mappers chan *mapper
	// operators are nil if there are none.
	operators *operators
	trail     trail

	// Of the goroutine that reads.
	gathered gathered
	passed   time.Time

	// pending counts the lots that are sent and not acknowledged.
	pending atomic.Int64
	// freed gets a signal when one of them is, and interrupt ends a wait for entries.
	freed     chan struct{}
	interrupt atomic.Pointer[context.CancelFunc]

	stop    context.CancelFunc
	running sync.WaitGroup
	once    sync.Once
	stopErr error
}

var (
	_ receiver.Logs = (*journald)(nil)
	_ reader        = (*journal.Reader)(nil)
)

func newReceiver(set receiver.Settings, config *Config, next consumer.Logs) (*journald, error) {
	out, err := outlet.New(outlet.Options{Settings: set, Next: next, Where: "the journal", DeadLetter: config.DeadLetter})
	if err != nil {
		return nil, err
	}
	r := &journald{
		config: config, set: set, outlet: out, freed: make(chan struct{}, 1),
		trouble: newTrouble(set.Logger, &out.Health, config),
		window:  delivery.NewWindow[position](delivery.Limits{MaxBytes: config.InFlight.MaxBytes, MaxBytesPerSource: config.InFlight.MaxBytes}),
		mappers: make(chan *mapper, config.InFlight.MaxBatches),
		open:    func(o journal.Options) (reader, error) { return journal.Open(o) },
	}
	if config.viaOperators() {
		if r.operators, err = newOperators(config, set.TelemetrySettings); err != nil {
			return nil, err
		}
		r.trail.hold = r.operators.hold
	}
	return r, nil
}

// Start reads the position and begins. A journal that cannot be read is reported, and
// tried again: it does not keep the collector from starting.
func (r *journald) Start(ctx context.Context, host component.Host) (err error) {
	if ignored := r.config.ignored(); len(ignored) > 0 {
		r.set.Logger.Warn("Settings have no effect: no program is run, all fields are read as they are, and nothing is given up", zap.String("settings", strings.Join(ignored, ", ")))
	}
	r.outlet.Health.Start(host)
	if r.store, err = openStore(ctx, host, r.set, r.config); err != nil {
		return err
	}
	options, err := r.config.options()
	if err != nil {
		return errors.Join(err, r.store.close(ctx))
	}
	options.Trouble = r.trouble.tell
	if r.reader, err = r.open(options); err != nil {
		return errors.Join(fmt.Errorf("open the journal: %w", err), r.store.close(ctx))
	}
	start := r.seek(ctx)
	r.trail.start(start)
	r.source = r.window.NewSource(start)
	r.sender = delivery.NewSender(r.window, delivery.Options[lot]{
		Send: r.send, Judge: outlet.Judge, DeadLetter: r.deadLetter, Done: r.done,
		InitialInterval: r.config.RetryOnFailure.InitialInterval, MaxInterval: r.config.RetryOnFailure.MaxInterval,
	})
	if r.operators != nil {
		err = r.operators.start(r.store.client)
	}
	if err == nil {
		r.metrics, err = newMetrics(r)
	}
	if err != nil {
		return errors.Join(err, r.reader.Close(), r.store.close(ctx))
	}
	run, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.running.Go(func() { r.read(run) })
	return nil
}

// seek goes to where reading begins. A stored position wins over all settings.
func (r *journald) seek(ctx context.Context) position {
	from, now, at := r.store.loaded, time.Now(), r.set.Logger
	switch {
	case len(from.marks) > 0:
		r.reader.SeekMarks(from.marks)
		at.Info("Reading the journal from where it was delivered to", zap.Stringer("cursor", from.cursor))
		return from
	case from.onlyTime():
		r.reader.SeekRealtime(from.cursor.Realtime)
		at.Info("Reading the journal from where the first start began", zap.Stringer("cursor", from.cursor))
		return from
	case from.known():
		r.reader.SeekCursor(from.cursor)
		at.Info("Reading the journal from where it was delivered to", zap.Stringer("cursor", from.cursor))
		return from
	case r.store.damaged || r.config.MaxAge == 0 && r.config.StartAt == startAtBeginning:
		r.reader.SeekHead()
		at.Info("Reading the journal from its beginning")
		return position{}
	}
	// What comes from now on is read also if the process ends before the first lot is
	// delivered.
	if r.config.MaxAge > 0 {
		now = now.Add(-r.config.MaxAge)
		r.reader.SeekRealtime(uint64(now.UnixMicro())) //nolint:gosec // Later than 1970.
	} else {
		r.reader.SeekTail()
	}
	from = position{cursor: journal.Cursor{Realtime: uint64(now.UnixMicro())}} //nolint:gosec // Later than 1970.
	r.store.save(ctx, func() position { return from })
	at.Info("Reading the journal from a time on", zap.Time("from", now))
	return from
}

// Shutdown stops reading, waits for what is in flight as long as ShutdownTimeout, and
// stores the position. What is not delivered by then is read again. Further calls do
// nothing.
func (r *journald) Shutdown(ctx context.Context) error {
	r.once.Do(func() { r.stopErr = r.shutdown(ctx) })
	return r.stopErr
}

func (r *journald) shutdown(ctx context.Context) error {
	if r.stop == nil {
		return r.outlet.Close()
	}
	r.stop()
	r.running.Wait()
	var err error
	if r.operators != nil {
		err = r.operators.stop() // They give out what they hold.
		r.trail.hold = 0
	}
	wait, cancel := context.WithTimeout(ctx, r.config.ShutdownTimeout)
	defer cancel()
	for !r.maySend() && wait.Err() == nil {
		r.waitForRoom(wait) // What is gathered does not overtake what is on its way.
	}
	if r.maySend() {
		r.hand()
	}
	if closeErr := r.sender.Close(wait); closeErr != nil {
		// Nothing is lost: it lies where it was read.
		r.set.Logger.Info("Stopped before everything was delivered; the rest is read again after the start", zap.Error(closeErr))
	}
	// The position is stored also when the time is over.
	ctx = context.WithoutCancel(ctx)
	r.store.save(ctx, r.source.Position)
	err = errors.Join(err, r.store.close(ctx))
	if closeErr := r.outlet.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close dead-letter file: %w", closeErr))
	}
	return errors.Join(err, r.metrics.close(), r.reader.Close())
}
