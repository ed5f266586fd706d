// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"errors"
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
	switch result {
	case more:
		d.due = t.now
		return
	case full:
		// Until there is room nothing is read, but files may lose their names.
		d.blocked = true
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
		if t.gone(f) {
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
		shorter := info.Size < f.size
		if info.Size != f.size || info.Modified != f.modified {
			f.size, f.modified, f.grown, f.atEnd, f.doubtful = info.Size, info.Modified, t.now, false, true
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

// read hands on a chunk: whole lines, as many as fit.
func (t *Tail) read(d *folder, f *File, before Intake) outcome {
	most, least := int64(chunkBytes), int64(1)
	if !f.compressed() {
		if most = min(most, f.size-f.offset); most <= 0 {
			f.atEnd = f.size <= f.offset // Of a damaged copy less can be there than was read of the file.
			return nothing
		}
	}
	for {
		want, until := f.intake.Acquire(most, least)
		if want <= 0 {
			if d.pausedUntil = until; until.IsZero() {
				return full
			}
			return paused
		}
		// What is before is the last line that was taken, or at least the end of a line,
		// unless the file was written anew.
		back := int64(0)
		if f.offset > 0 && !f.midLine && f.handle != nil && !f.compressed() {
			back = max(int64(f.last.length), 1)
		}
		if int64(len(t.buffer)) < want+back {
			t.buffer = make([]byte, want+back)
		}
		n, err := f.content.ReadAt(t.buffer[:want+back], f.offset-back)
		ended := isEnd(err)
		if errors.Is(err, errDamaged) && n > 0 {
			ended = true
			t.damaged(d, f, err)
		}
		if err != nil && !ended && int64(n) <= back {
			f.intake.Take(Chunk{Start: f.offset})
			t.fail(d, f, err)
			return nothing
		}
		if known := t.buffer[:min(back, int64(n))]; len(known) > 0 && !f.last.is(known) {
			f.intake.Take(Chunk{Start: f.offset})
			if info, err := f.handle.Stat(); err == nil && (f.last.length > 0 || !t.checkHead(f)) {
				t.truncated(d, f, info)
				return held // The list of files is another one now.
			}
			// The head is the same, and nothing is known of the line before: it is one that
			// was handed on without its end.
			f.midLine, f.last = true, lastLine{}
			continue
		}
		data := t.buffer[back:max(int64(n), back)]
		if lines := bytes.LastIndexByte(data, '\n') + 1; lines > 0 {
			atEnd := ended && lines == len(data) || !f.compressed() && f.offset+int64(lines) >= f.size
			t.take(f, Chunk{Data: data[:lines], Start: f.offset, More: !atEnd, Before: before})
			return t.after(f, atEnd)
		}
		switch {
		case err != nil && !ended:
			f.intake.Take(Chunk{Start: f.offset})
			t.fail(d, f, err)
			return nothing
		case ended || !f.compressed() && f.offset+int64(len(data)) >= f.size:
			return t.lastLine(d, f, data, before)
		case want < int64(t.options.MaxLineBytes):
			least = min(want*2, int64(t.options.MaxLineBytes))
			if !f.compressed() {
				least = min(least, f.size-f.offset)
			}
			most = max(most, least)
		default:
			t.consumer.Trouble(LongLine, f.path(d), nil)
			t.take(f, Chunk{Data: data, Start: f.offset, Piece: true, More: true, Before: before})
			return t.after(f, false)
		}
	}
}

func (t *Tail) take(f *File, c Chunk) {
	f.intake.Take(c)
	f.ended = f.ended && len(c.Data) == 0 // Somebody has gone on writing: there will be another end.
	f.offset += int64(len(c.Data))
	f.midLine, f.doubtful = c.Piece, false
	f.troubled = time.Time{}
	f.last = lastLineOf(c)
	if len(t.buffer) > 4*chunkBytes {
		t.buffer = make([]byte, chunkBytes+maxLastLine)
	}
}

// after is called when something was taken.
func (t *Tail) after(f *File, atEnd bool) outcome {
	if !atEnd {
		return more
	}
	if a, is := f.content.(*archive); is {
		a.release() // Many may be read to their ends before the first one is delivered.
	}
	f.atEnd = true
	return some
}

// lastLine is called when what is left has no end of a line. Somebody is writing it,
// or has stopped in the middle of it.
func (t *Tail) lastLine(d *folder, f *File, data []byte, before Intake) outcome {
	if len(data) > 0 && !f.compressed() && f.copied == nil && !t.quiet(f) {
		f.intake.Take(Chunk{Start: f.offset}) // Gives back what was acquired.
		return held
	}
	if len(data) > 0 {
		t.consumer.Trouble(Unfinished, f.path(d), nil)
	}
	t.take(f, Chunk{Data: data, Start: f.offset, Piece: true, Before: before})
	return t.after(f, true)
}

// quiet reports whether nothing was written for a while.
func (t *Tail) quiet(f *File) bool { return t.now.Sub(f.grown) >= t.options.Quiet }

// fail puts a file off after an error.
func (t *Tail) fail(d *folder, f *File, err error) {
	f.troubled = t.now.Add(tryAgain)
	if errors.Is(err, errDamaged) {
		// What follows in an archive does not come back. Without a first line there
		// is nothing to tell it by.
		t.damaged(d, f, err)
		f.atEnd = f.identified()
		return
	}
	t.consumer.Trouble(Unreadable, f.path(d), err)
}

// damaged reports an archive, once.
func (t *Tail) damaged(d *folder, f *File, err error) {
	if !f.damaged {
		f.damaged = true
		t.consumer.Trouble(DamagedArchive, f.path(d), err)
	}
}
