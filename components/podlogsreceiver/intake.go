// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"bytes"
	"time"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/internal/ratelimit"
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
	// pod is what is known of the pod, and known what the origin says of it.
	pod    *pod
	known  *pods.Known
	source *delivery.Source[reached]
	// account is that of the container; nil when nothing can bound it. acquiring is how much
	// of a grant waits for room.
	account   *account
	acquiring int64
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
	// cut is what the beginning of a long line said, for the rest of it, and cutFate what
	// the limits say of it.
	cut     *runtimelog.Line
	cutFate fate
	// others are the intakes that have the beginnings of lines of the present batch.
	others []*intake
	// bytes and records are not in the books yet.
	bytes   int64
	records int
	// droppedBytes and droppedRecords are what was dropped, and not in the books yet.
	droppedBytes   int64
	droppedRecords int
	// owed is what was dropped, and not told yet.
	owed tail.Dropped
	// passed says that the position moves although there is no record for it.
	passed bool
}

// fate is what the limits say of a line.
type fate uint8

const (
	undecided fate = iota
	admitted
	droppedForPod
	droppedForNamespace
)

var _ tail.Intake = (*intake)(nil)

// Open makes the intake of a file.
func (r *podLogs) Open(f *tail.File, start tail.Position) tail.Intake {
	p := r.roster.enter(f.Container(), r.now())
	in := &intake{
		receiver: r, pod: p, lineEnd: start.Start(),
		start: [3]int64{start.Offset, start.Stdout, start.Stderr},
		held:  [3]int64{nowhere, nowhere, nowhere},
		kept:  [3]int64{nowhere, nowhere, nowhere},
	}
	in.learn(f.Container(), f.Restart())
	in.source = r.window.NewSource(reached{start, in})
	r.limits.open(in, f.Container(), start.Dropped)
	return in
}

// learn makes the origin of what is known of the pod.
func (in *intake) learn(id tail.Container, restart int) {
	in.origin = newOrigin(id, restart, in.pod, in.receiver.config.Annotations.AttributePrefix)
	in.batch = 0 // It has no place in any batch.
	in.rule = in.receiver.rule
	if in.pod != nil {
		in.known = in.pod.known
		if rule := in.pod.said(id).rule; rule != nil {
			in.rule = rule
		}
	}
}

// Acquire reserves room for what is to be read, as far as the limits allow it.
func (in *intake) Acquire(most, least int64) (n int64, until time.Time) {
	if n, until = in.acquire(most, least); n == 0 {
		in.goOnWaiting() // For room, not for lines.
	}
	return n, until
}

func (in *intake) acquire(most, least int64) (n int64, until time.Time) {
	r := in.receiver
	if in.pod != nil && in.pod.waiting || !r.mayRead() {
		return 0, time.Time{}
	}
	n = max(most, least)
	if in.limited() {
		if n, until = in.account.Grant(r.now(), most, least); n == 0 {
			in.acquiring = 0
			in.source.Release()
			return 0, until
		}
		if in.acquiring >= least {
			// Who wants more than before goes to the end of the queue for room.
			n = min(n, in.acquiring)
		}
	}
	if !in.source.TryAcquire(n) {
		// What is gathered must not wait for itself.
		r.flush()
		if !in.source.TryAcquire(n) {
			in.acquiring = n
			return 0, time.Time{}
		}
	}
	in.acquiring = 0
	return n, time.Time{}
}

func (in *intake) limited() bool { return in.account != nil && in.account.Limited() }

// Take reads the lines of a chunk.
func (in *intake) Take(c tail.Chunk) {
	if before, ok := c.Before.(*intake); ok && before != nil && len(c.Data) > 0 {
		in.adopt(before, c.Start)
	}
	if in.pod != nil && in.pod.known != in.known {
		in.learn(in.origin.container, in.origin.restart)
	}
	data := c.Data
	in.receiver.batch.behind = c.More
	in.lineEnd = c.Start
	if in.limited() {
		in.account.Begin(in.receiver.now())
	}
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
	lineFate := in.cutFate
	if !isRest {
		lineFate = undecided
	}
	in.cut, in.cutFate = nil, undecided
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
	if isRest && len(l.Body) == 0 && in.joins[l.Stream] == nil {
		in.bytes += int64(size)
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
		in.cutFate = in.piece(l, size)
		return
	}
	if !in.admits(&lineFate, l.Time, int64(size)) {
		in.cutFate = lineFate
		return
	}
	in.cutFate = lineFate
	in.bytes += int64(size)
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

// admits reports whether the limits let a line through, of which so many bytes are there. Of
// the rest of a line they say what they have said of its beginning: no half of one is sent.
func (in *intake) admits(f *fate, time int64, bytes int64) bool {
	if !in.limited() && *f <= admitted {
		return true
	}
	lines := 0
	switch *f {
	case undecided:
		scope, ok := in.account.Admit(int(bytes))
		if *f = admitted; ok {
			return true
		}
		*f, lines = droppedForPod+fate(scope), 1
	case admitted:
		in.account.Rest(int(bytes))
		return true
	}
	in.droppedRecords += lines
	in.droppedBytes += bytes
	in.receiver.limits.drop(in, ratelimit.Scope(*f-droppedForPod), time, bytes, lines)
	return false
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
