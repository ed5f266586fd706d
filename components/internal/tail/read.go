// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"errors"
	"time"
)

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
	if len(data) > 0 && !f.compressed() && f.copied == nil && !t.quiet(d, f) {
		f.intake.Take(Chunk{Start: f.offset}) // Gives back what was acquired.
		return held
	}
	if len(data) > 0 {
		t.consumer.Trouble(Unfinished, f.path(d), nil)
	}
	t.take(f, Chunk{Data: data, Start: f.offset, Piece: true, Before: before})
	return t.after(f, true)
}

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
