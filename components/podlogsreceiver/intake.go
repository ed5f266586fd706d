// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"bytes"
	"unicode/utf8"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// reached is how far a file is delivered, and whose it is.
type reached struct {
	tail.Position
	intake *intake
}

// nowhere says of a stream that nothing holds its position.
const nowhere = -1

// intake takes the lines of one file. It belongs to the goroutine that reads, but for
// the source.
type intake struct {
	receiver *podLogs
	origin   *origin
	source   *delivery.Source[reached]
	// batch and place say where in the present batch the origin is.
	batch uint64
	place uint32

	// lineStart and lineEnd are the offsets of the line in hand.
	lineStart, lineEnd int64
	// start is where each stream goes on; what is before was delivered by the process
	// before.
	start [3]int64
	// joins are the lines that are not complete, by stream; held is where those that
	// are partly in this file begin in it.
	joins [3]*join
	held  [3]int64
	// rule says which lines are one record. It may be replaced between two chunks.
	rule *multiline.Rule
	// compounds are the records of several lines that may go on, by stream; kept is where
	// those that are partly in this file begin in it.
	compounds [3]*compound
	kept      [3]int64
	// single is the line before, by stream, if it is in the present batch.
	single [3]single
	own    [1]part
	// cut is what the beginning of a long line said, for the rest of it.
	cut *runtimelog.Line
	// others are the intakes that have the beginnings of lines of the present batch.
	others []*intake
	// bytes and records are not in the books yet.
	bytes   int64
	records int
	// passed says that the position moves although there is no record for it.
	passed bool
}

var _ tail.Intake = (*intake)(nil)

// Open makes the intake of a file.
func (r *podLogs) Open(f *tail.File, start tail.Position) tail.Intake {
	in := &intake{
		receiver: r, origin: newOrigin(f), lineEnd: start.Start(),
		start: [3]int64{start.Offset, start.Stdout, start.Stderr},
		held:  [3]int64{nowhere, nowhere, nowhere},
		kept:  [3]int64{nowhere, nowhere, nowhere}, rule: r.rule,
	}
	in.source = r.window.NewSource(reached{start, in})
	return in
}

// Acquire reserves room for what is to be read.
func (in *intake) Acquire(n int64) bool {
	if in.acquire(n) {
		return true
	}
	in.goOnWaiting() // For room, not for lines.
	return false
}

func (in *intake) acquire(n int64) bool {
	r := in.receiver
	if !r.mayRead() {
		return false
	}
	if in.source.TryAcquire(n) {
		return true
	}
	// What is gathered must not wait for itself.
	r.flush()
	return in.source.TryAcquire(n)
}

// Take reads the lines of a chunk.
func (in *intake) Take(c tail.Chunk) {
	if before, ok := c.Before.(*intake); ok && before != nil && len(c.Data) > 0 {
		in.adopt(before, c.Start)
	}
	data := c.Data
	in.receiver.batch.behind = c.More
	in.lineEnd = c.Start
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n')
		line, size := data, len(data)
		if n >= 0 {
			line, size = data[:n], n+1
		}
		in.lineStart, in.lineEnd = in.lineEnd, in.lineEnd+int64(size)
		in.line(line, size, n < 0)
		data = data[size:]
	}
	in.await(c.More)
	in.enter()
	in.source.Release()
}

// line reads one line, or a piece of one that tail has cut.
func (in *intake) line(line []byte, size int, cut bool) {
	r := in.receiver
	l := r.parser.Parse(line)
	isRest := in.cut != nil && l.Format == runtimelog.Unknown
	if isRest {
		l.Time, l.Stream, l.Format, l.Partial = in.cut.Time, in.cut.Stream, in.cut.Format, in.cut.Partial
	}
	if in.cut == nil && l.Format == runtimelog.Unknown {
		l.Stream, l.Format = in.goesOn()
	}
	in.cut = nil
	if cut {
		in.cut = &runtimelog.Line{Time: l.Time, Stream: l.Stream, Format: l.Format, Partial: l.Partial}
	}
	if in.lineEnd <= in.start[l.Stream] {
		in.passed = true
		return
	}
	if done := in.start[l.Stream] - in.lineStart; done > 0 {
		// The process before has handed on the beginning, when there was no more of it.
		l.Body, isRest = line[done:], true
	}
	in.bytes += int64(size)
	if isRest && len(l.Body) == 0 && in.joins[l.Stream] == nil {
		in.passed = true // What is left of the line is its end.
		return
	}
	switch {
	case l.Format == runtimelog.Unknown:
		r.trouble.Count(unknownLine)
	case l.BadTime:
		r.trouble.Count(badTime)
	case l.BadTag:
		r.trouble.Count(badTag)
	}
	if l.Format != runtimelog.Unknown && (l.Partial || in.joins[l.Stream] != nil) {
		in.piece(l)
		return
	}
	if isRest || cut {
		in.interrupt(l.Stream)
		in.emit(l.Time, l.Stream, in.emitPieces(l.Time, l.Stream, l.Body, nil))
		return
	}
	if in.compounds[l.Stream] == nil && in.rule.Plain(l.Body) {
		in.emitSingle(l.Time, l.Stream, l.Body)
		return
	}
	in.whole(entire{time: l.Time, stream: l.Stream, body: l.Body})
}

// goesOn recognizes the rest of a line that the process before could not hand on with
// its beginning. Its stream is held here while others are further.
func (in *intake) goesOn() (runtimelog.Stream, runtimelog.Format) {
	for _, stream := range []runtimelog.Stream{runtimelog.Stdout, runtimelog.Stderr} {
		if at := in.start[stream]; at > 0 && at == in.lineStart && at < in.start[runtimelog.None] {
			return stream, runtimelog.CRI
		}
	}
	return runtimelog.None, runtimelog.Unknown
}

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
	return tail.Position{Offset: at(runtimelog.None), Stdout: at(runtimelog.Stdout), Stderr: at(runtimelog.Stderr)}
}

// enter puts into the books what was added to the batch.
func (in *intake) enter() { in.enterAt(in.lineEnd) }

func (in *intake) enterAt(offset int64) {
	if in.records == 0 {
		if in.passed {
			in.source.Skip(reached{in.position(offset), in}, 0, 0)
			in.passed = false
		}
		return
	}
	in.passed = false
	spans := in.receiver.batch.spans
	spans.Add(in.source, reached{in.position(offset), in}, in.bytes, in.records)
	in.bytes, in.records = 0, 0
	for _, other := range in.others {
		spans.Add(other.source, reached{other.position(other.lineEnd), other}, other.bytes, 0)
		other.bytes = 0
	}
	in.others = in.others[:0]
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
