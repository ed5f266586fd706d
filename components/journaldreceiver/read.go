// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// passInterval is how often is looked after what no entry brings along: the position
// beyond entries that are not wanted, and whether everything can be read again.
const passInterval = time.Second

// read is the goroutine that reads. While a lot is on its way, the next one is gathered.
func (r *journald) read(ctx context.Context) {
	for ctx.Err() == nil {
		r.pass(ctx, time.Now())
		if !r.mayRead() {
			r.waitForRoom(ctx)
			continue
		}
		more, err := r.readSome(ctx)
		switch {
		case err != nil:
			r.set.Logger.Error("The journal cannot be read any more", zap.Error(err))
			r.outlet.Health.Read(err)
			return
		case !more:
			r.waitForEntries(ctx)
		}
	}
}

// atOnce is how many entries are read before anything else is looked at. An entry is read
// in less time than it takes to look.
const atOnce = 64

// readSome reads entries for which there is room, and reports whether there may be more.
func (r *journald) readSome(ctx context.Context) (more bool, err error) {
	room := r.room()
	for range atOnce {
		if r.full() || r.gathered.bytes >= room {
			return true, nil
		}
		entry, err := r.reader.Next()
		if err != nil || entry == nil {
			return false, err
		}
		if r.operators != nil {
			r.gathered.note(entry)
			r.operators.put(ctx, entry)
			continue
		}
		r.gathered.add(entry)
	}
	return true, nil
}

// mayRead reports whether there is room for another entry.
func (r *journald) mayRead() bool { return !r.full() && r.gathered.bytes < r.room() }

// room is how many bytes may be gathered beside what is on its way.
func (r *journald) room() int64 { return r.config.InFlight.MaxBytes - r.window.Stats().InFlight.Bytes }

// full reports whether what is gathered has reached a limit of a lot.
func (r *journald) full() bool {
	return r.records() >= r.config.Batch.MaxRecords || r.gathered.bytes >= int64(r.config.Batch.MaxBytes)
}

// records returns how many of them are gathered.
func (r *journald) records() int {
	if r.operators != nil {
		return r.operators.ready()
	}
	return len(r.gathered.entries())
}

// due reports whether what is gathered is to be sent, and maySend whether it may be.
func (r *journald) due(now time.Time) bool {
	return r.full() || r.wait(now) == 0
}

// wait returns how long what is gathered waits for more.
func (r *journald) wait(now time.Time) time.Duration {
	if r.gathered.bytes == 0 && r.records() == 0 {
		return passInterval
	}
	if r.gathered.began.IsZero() { // Something was held back until now.
		return 0
	}
	return min(max(r.config.Batch.Timeout-now.Sub(r.gathered.began), 0), passInterval)
}

func (r *journald) maySend() bool { return int(r.pending.Load()) < r.config.InFlight.MaxBatches }

// pass sends what has waited long enough, and looks after the rest.
func (r *journald) pass(ctx context.Context, now time.Time) {
	if r.due(now) && r.maySend() {
		r.hand()
	}
	if now.Sub(r.passed) < passInterval {
		return
	}
	r.passed = now
	r.outlet.Health.Pass(now, r.trouble.unreadable)
	reached := r.trail.reached(now, r.current())
	if r.pending.Load() > 0 || r.gathered.bytes > 0 || r.records() > 0 {
		return
	}
	// Whoever looks for a rare entry would otherwise look through the whole journal again
	// after a restart.
	r.source.Skip(reached, 0, 0)
	r.store.save(ctx, r.source.Position)
}

// current is how far the journal is read.
func (r *journald) current() position {
	if cursor := r.reader.Position(); cursor.Realtime != 0 {
		return position{cursor: cursor, marks: r.reader.Marks()}
	}
	return r.trail.first
}

// hand sends what is gathered.
func (r *journald) hand() {
	l := lot{entries: r.gathered.entries(), observed: time.Now(), pages: r.gathered.pages}
	reached := r.trail.reached(l.observed, r.current())
	if r.operators != nil {
		l.made = r.operators.take()
	}
	bytes := r.gathered.bytes
	r.gathered = gathered{}
	if l.Len() == 0 {
		// The operators have left out everything, or hold it.
		r.source.Skip(reached, 0, 0)
		return
	}
	batch := r.window.NewBatch()
	batch.Add(r.source, reached, bytes, l.Len())
	r.pending.Add(1)
	if r.sender.Deliver(batch, l) != nil {
		r.pending.Add(-1) // The sender is closed: it is read again.
	}
}

// done is called when a lot is acknowledged. The next one goes out after the position is
// stored: what a crash sends twice is what was on its way.
func (r *journald) done(l lot) {
	if l.pages != nil {
		l.pages.release()
	}
	r.store.save(context.Background(), r.source.Position)
	r.pending.Add(-1)
	select {
	case r.freed <- struct{}{}:
	default:
	}
	if stop := r.interrupt.Load(); stop != nil {
		(*stop)()
	}
}

// waitForRoom waits until a lot is acknowledged.
func (r *journald) waitForRoom(ctx context.Context) {
	timer := time.NewTimer(passInterval)
	defer timer.Stop()
	select {
	case <-r.freed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// waitForEntries waits until there may be an entry, or what is gathered may be sent.
func (r *journald) waitForEntries(ctx context.Context) {
	now := time.Now()
	wait := r.wait(now)
	if wait == 0 && !r.maySend() {
		wait = passInterval
	}
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	r.interrupt.Store(&stop)
	if r.due(now) && r.maySend() {
		return // It was acknowledged just now.
	}
	_ = r.reader.Wait(ctx) // The error is that of the context.
}
