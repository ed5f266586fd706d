// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"unicode/utf8"

	"github.com/tributary-otel/tributary/components/internal/runtimelog"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// makeRoom sends the batch if there is no room in it for a body of so many bytes. It
// comes before anything that lets the position pass the line in hand. What is known of
// the line before in the stream of the body is not used any more.
func (in *intake) makeRoom(stream runtimelog.Stream, bytes int) {
	if in.receiver.batch.full(bytes) {
		for other := range in.single {
			if s := runtimelog.Stream(other); s != stream { //nolint:gosec // One of three.
				in.decide(s)
			}
		}
		in.enterAt(in.lineStart)
		in.receiver.flush()
	}
}

// emitPieces makes records of all but the last piece of a line that is too long, and
// room for that one, which it returns. The present line is not behind these records:
// it is behind the last one. Other files that have a part of it wait for all of them.
func (in *intake) emitPieces(time int64, stream runtimelog.Stream, body []byte, others []*intake) (last []byte) {
	longest := in.receiver.config.MaxLineBytes
	if len(body) > longest {
		in.receiver.trouble.Count(longJoin)
	}
	for len(body) > longest {
		n := longest
		for n > longest-utf8.UTFMax && !utf8.RuneStart(body[n]) {
			n-- // A character stays whole.
		}
		in.makeRoom(stream, n)
		in.others = append(in.others, others...)
		in.emit(time, stream, body[:n])
		body = body[n:]
	}
	in.makeRoom(stream, len(body))
	return body
}

// emit puts a record into the batch, in which there is room. The present line is
// behind it.
func (in *intake) emit(time int64, stream runtimelog.Stream, body []byte) {
	if in.receiver.batch.add(in, time, stream, body) {
		in.receiver.trouble.Count(invalidUTF8)
	}
	in.records++
}

// position is where to go on reading when everything before an offset is delivered,
// but for the lines and records that are not complete. It never goes back behind the
// start.
func (in *intake) position(offset int64) tail.Position {
	at := func(stream runtimelog.Stream) int64 {
		reached := offset
		if kept := in.kept[stream]; kept != nowhere {
			reached = kept // A line that is not complete is behind it.
		} else if held := in.held[stream]; held != nowhere {
			reached = held
		}
		return max(reached, in.start[stream])
	}
	return tail.Position{
		Offset: at(runtimelog.None), Stdout: at(runtimelog.Stdout), Stderr: at(runtimelog.Stderr), Dropped: in.owed,
	}
}

// enter puts into the books what was added to the batch.
func (in *intake) enter() { in.enterAt(in.lineEnd) }

func (in *intake) enterAt(offset int64) {
	at := reached{in.position(offset), in}
	if in.records > 0 {
		spans := in.receiver.batch.spans
		spans.Add(in.source, at, in.bytes, in.records)
		in.bytes, in.records, in.passed = 0, 0, false
		for _, other := range in.others {
			spans.Add(other.source, reached{other.position(other.lineEnd), other}, other.bytes, 0)
			other.bytes = 0
		}
		in.others = in.others[:0]
	}
	if in.passed || in.droppedBytes > 0 {
		in.source.Skip(at, in.droppedBytes, in.droppedRecords)
		in.droppedBytes, in.droppedRecords, in.passed = 0, 0, false
	}
}

// Position is how far the file is delivered.
func (in *intake) Position() tail.Position { return in.source.Position().Position }

// Idle reports whether everything that was read is delivered. A line or record that is
// not complete is not.
func (in *intake) Idle() bool {
	none := [3]int64{nowhere, nowhere, nowhere}
	return in.held == none && in.kept == none && in.source.Idle()
}

// End hands on the lines and records whose rest will not come.
func (in *intake) End() {
	in.lineStart = in.lineEnd
	for i := range in.joins {
		stream := runtimelog.Stream(i) //nolint:gosec // One of three.
		if in.joins[stream] != nil {
			in.receiver.trouble.Count(unfinishedJoin)
			in.endJoin(stream, false)
		}
		in.interrupt(stream)
	}
	in.enter()
	in.source.Release()
}
