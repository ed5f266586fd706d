// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"
)

const (
	// shortPoll is the pause between looks at the files that are written to, as long as
	// something comes; from quiet on it grows to longPoll. What the kernel reports of
	// their folders ends a pause: that is up to 250 ms late, since journald writes
	// without a call of the kernel, and says so afterwards.
	shortPoll = 20 * time.Millisecond
	longPoll  = 200 * time.Millisecond
	quiet     = time.Second
	// longScan is the pause between looks at the names, shortScan the one where the
	// kernel does not report all that happens, or where something is missing.
	longScan  = 10 * time.Second
	shortScan = 500 * time.Millisecond
)

// poll is how the files are followed.
type poll struct {
	// last is when it was looked for new entries, grown when there were any.
	last, grown time.Time
	// scanned is when the names were looked at, tried when files that are set aside were,
	// and numbers were measured.
	scanned, tried time.Time
	pause          time.Duration
	// blind says that not all folders are watched, incomplete that not all names could
	// be taken up, unborn that one could not be which will be in a moment, begun that
	// reading has begun.
	blind, incomplete, unborn, begun bool
	calls                            int
}

// pollIfDue looks for new entries from time to time while others are read.
func (r *Reader) pollIfDue() bool {
	r.poll.begun = true
	if r.poll.calls++; r.poll.calls&63 != 0 || r.now().Sub(r.poll.last) < shortPoll {
		return false
	}
	r.pollNow()
	return true
}

// pollNow looks for new files and new entries, and reports whether there are any.
func (r *Reader) pollNow() (grown bool) {
	now := r.now()
	r.poll.last = now
	grown = r.look()
	again := now.Sub(r.poll.tried) >= time.Second
	for _, f := range r.live {
		if f.live && r.refresh(f) || !f.aside && !f.torn.IsZero() {
			grown = true // What is half written does not grow when it is whole.
		}
	}
	if again {
		grown = r.tryAgain() || grown
		r.poll.tried = now
		r.measure()
	}
	if grown {
		r.poll.grown = now
	}
	return grown
}

// tryAgain looks at the files that the others do not wait for, and reports whether
// anything is there.
func (r *Reader) tryAgain() (found bool) {
	for _, s := range r.order {
		for _, f := range slices.Clone(s.files) {
			if !f.aside {
				continue
			}
			f.aside = false
			if !r.ready(f) {
				found = true // It is gone.
				continue
			}
			f.aside = !f.placed && f.next < f.header.entries
			s.resort(f)
			found = found || !f.aside
		}
	}
	return found
}

// look takes up what the kernel has reported of names, or looks at all of them if that is
// due, and reports whether there are new files.
func (r *Reader) look() bool {
	interval := longScan
	if r.poll.blind || r.poll.incomplete || r.watch == nil {
		interval = shortScan
	}
	changed := r.watch != nil && r.watch.changed() || r.poll.unborn
	if !changed && r.now().Sub(r.poll.scanned) < interval {
		if !r.poll.blind && r.watch != nil {
			r.looked = r.tick // Nothing has happened until now.
		}
		return false
	}
	return r.scan()
}

// refresh reads the header of a live file, and reports whether it has grown.
func (r *Reader) refresh(f *file) bool {
	r.tick++
	f.read = r.tick
	wasLive := f.live
	grown, err := f.refresh()
	switch {
	case errors.Is(err, errEmptied), errors.Is(err, errNoJournal):
		r.vanish(f)
		return true
	case err != nil:
		return false // It is read again with the next poll.
	}
	if f.sequence != nil && (grown || wasLive != f.live) {
		f.sequence.resort(f)
	}
	return grown || wasLive != f.live
}

// open opens a file that was known by its header so far. If it is not there by its name
// any more, the names are looked at.
func (r *Reader) open(f *file) error {
	err := f.open(&r.windows)
	for n := 0; n < 3 && errors.Is(err, fs.ErrNotExist); n++ {
		r.scan()
		err = f.open(&r.windows)
	}
	return err
}

// ready finds out what comes next in a file. If there is no such file any more, it is
// forgotten, and the answer is false.
func (r *Reader) ready(f *file) bool {
	var err error
	if !f.started {
		err = r.begin(f)
	}
	if err == nil && f.next < f.header.entries {
		if err = r.open(f); err == nil {
			err = f.settle(r)
		}
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, errEmptied), errors.Is(err, errNoJournal), errors.Is(err, fs.ErrNotExist):
		r.vanish(f)
		return false
	}
	if f.torn.IsZero() {
		r.trouble(Unreadable, f.path, err)
	}
	f.torn = r.now().Add(-patience)
	return true
}

// finish is called when a file was read to its end and will not grow.
func (r *Reader) finish(f *file) {
	f.done = true
	f.sequence.remove(f)
	if !f.volatile {
		f.close()
	}
	if f.unnamed && !f.volatile {
		delete(r.files, f.header.fileID)
	}
}

// vanish is called when a file is not there any more.
func (r *Reader) vanish(f *file) {
	if unread := f.header.entries - min(f.next, f.header.entries); unread > 0 && !f.done && !r.skips(f) {
		r.trouble(Vacuumed, f.path, errVacuumed)
		if known := f.old - min(f.next, f.old); known > 0 {
			r.lost(f, known)
		}
	}
	f.sequence.remove(f)
	r.forget(f)
}

// skips reports whether reading would not have begun in a file.
func (r *Reader) skips(f *file) bool {
	return !f.started && r.behind != nil && r.behind(f)
}

// Wait returns when there may be a next entry, or with the context's error.
func (r *Reader) Wait(ctx context.Context) error {
	for !r.more {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := r.now()
		switch {
		case now.Sub(r.poll.grown) < quiet:
			r.poll.pause = shortPoll
		default:
			r.poll.pause = min(max(2*r.poll.pause, shortPoll), longPoll)
		}
		r.watch.wait(ctx, r.poll.pause)
		if r.pollNow() {
			return nil
		}
	}
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
