// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"slices"
	"time"
)

// outcome is what came of reading a chunk.
type outcome uint8

const (
	// nothing was there to be read.
	nothing outcome = iota
	// some was read, and the end is reached.
	some
	// more is there.
	more
	// full: there is no room for what is there.
	full
	// paused: what is there may not be read before a time.
	paused
	// held: the end of the last line is not there yet.
	held
)

// turn reads at most a chunk of the files of a folder, the oldest first, and decides
// when the next turn is.
func (t *Tail) turn(d *folder) {
	if !d.wanted {
		t.part(d)
		return
	}
	t.examine(d)
	var result outcome
	switch {
	case d.blocked:
		result = full
	case t.now.Before(d.pausedUntil):
		result = paused
	default:
		result = t.readNext(d)
	}
	unfinished := t.tidy(d)
	if result != full {
		t.turns++
		d.served = t.turns
	}
	switch result {
	case more:
		d.due = t.now
		return
	case full:
		// Until there is room nothing is read, but files may lose their names.
		if !d.blocked {
			d.blocked = true
			t.blocked = append(t.blocked, d)
		}
		d.interval = time.Second
	case paused:
		t.pause(d)
		d.interval = time.Second
	case some, held:
		d.pausedSince = time.Time{}
		d.interval = t.options.PollInterval
	case nothing:
		d.pausedSince = time.Time{}
		d.interval = min(2*max(d.interval, t.options.PollInterval/2), t.options.MaxPollInterval)
	}
	if d.linked {
		// Behind a link a file can be replaced without a change in this folder.
		d.lookAgain(t.now.Add(t.options.MaxPollInterval))
	}
	if unfinished {
		d.interval = min(d.interval, max(t.options.PollInterval, time.Second/2))
	}
	d.due = t.together(d.interval)
	if result == paused && d.pausedUntil.Before(d.due) {
		d.due = t.notBefore(d.pausedUntil)
	}
	t.await(d, result)
	t.forget(d)
}

// pause notes that a limit keeps what is there from being read.
func (t *Tail) pause(d *folder) {
	if d.pausedSince.IsZero() {
		d.pausedSince = t.now
	}
}

// together returns the time after an interval, or a little earlier: all folders have
// their turns at the same times. To be woken for one folder costs more than to look at
// it.
func (t *Tail) together(interval time.Duration) time.Time {
	after := t.now.Sub(t.begin) + interval
	return t.begin.Add(after - after%t.options.PollInterval)
}

// notBefore returns a time after one, at which others have their turns, too.
func (t *Tail) notBefore(at time.Time) time.Time {
	after := at.Sub(t.begin) + t.options.PollInterval - 1
	return t.begin.Add(after - after%t.options.PollInterval)
}

// examine looks at the files, also while there is no room: what they are and how large
// has to be known when they lose their names.
func (t *Tail) examine(d *folder) {
	for i := 0; i < len(d.files); i++ {
		if t.refresh(d, d.files[i]) {
			i = -1 // The list is another one now.
		}
	}
	for _, f := range d.files {
		// Also what has to wait until older files are read.
		if f.identified() && f.content != nil && !f.atEnd && f.behind.IsZero() {
			f.behind = t.now
		}
	}
}

func (t *Tail) readNext(d *folder) outcome {
	result := nothing
	for i := 0; i < len(d.files); i++ {
		f := d.files[i]
		if f.content == nil || !f.identified() || t.now.Before(f.troubled) {
			continue
		}
		if f.atEnd {
			f.troubled = time.Time{} // It could be looked at again.
			continue
		}
		got := t.read(d, f, before(d.files, i))
		result = max(result, got)
		if got == more || got == full || got == paused || got == held {
			break // What is older goes first.
		}
	}
	return result
}

// tidy closes, copies and drops files, and reports whether it will have to again.
func (t *Tail) tidy(d *folder) (unfinished bool) {
	for i := 0; i < len(d.files); i++ {
		f := d.files[i]
		t.finish(d, f)
		t.rescue(d, f, false)
		if t.gone(d, f) {
			f.close()
			d.files = slices.Delete(d.files, i, i+1)
			i--
			t.consumer.Changed(d.id)
			continue
		}
		unfinished = unfinished || !f.delivered() || f.handle != nil && !f.live()
	}
	return unfinished
}

// before returns the intake of the file in which the runtime may have begun a line
// that goes on in file i.
func before(files []*File, i int) Intake {
	if i == 0 || files[i-1].name.restart != files[i].name.restart || !files[i-1].identified() {
		return nil
	}
	return files[i-1].intake
}

// refresh learns whether a file has grown, was truncated, or holds enough by now to be
// known. It reports whether the list of files has changed.
func (t *Tail) refresh(d *folder, f *File) (changed bool) {
	if f.resting && !t.now.Before(f.troubled) {
		t.wake(d, f)
	}
	if f.handle == nil || t.now.Before(f.troubled) {
		return false
	}
	if !f.compressed() {
		info, err := f.handle.Stat()
		if err != nil {
			t.fail(d, f, err)
			return false
		}
		shorter, longer := info.Size < f.size, info.Size > f.size
		if info.Size != f.size || info.Modified != f.modified {
			f.size, f.modified, f.grown, f.atEnd, f.doubtful = info.Size, info.Modified, t.now, false, true
		}
		if longer {
			t.unreported(d, f)
		}
		if f.doubtful && f.identified() && (info.Size < f.offset || !t.continues(d, f, shorter)) {
			return t.truncated(d, f, info)
		}
	}
	if f.identified() {
		return false
	}
	t.identify(d, f)
	return f.identified() || !slices.Contains(d.files, f)
}
