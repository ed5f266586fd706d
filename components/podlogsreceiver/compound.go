// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"time"

	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// compound is a record of several lines, to which more may be added. The position of
// each file that has some of it stays before it until it is in a batch.
type compound struct {
	// in is the intake that has it, that of the last file.
	in     *intake
	stream runtimelog.Stream
	record multiline.Record
	// time is that of the first line.
	time  int64
	text  []byte
	lines int
	parts []part
	// doubt is the line behind it, of which the next one will show whether it belongs to
	// it.
	doubt    entire
	doubtful bool
	// waits is since when there is no next line; it is zero while there is one that was
	// not read yet.
	waits time.Time
}

// part is where in a file something begins.
type part struct {
	in    *intake
	start int64
}

// entire is a line that is complete.
type entire struct {
	time   int64
	stream runtimelog.Stream
	body   []byte
	// parts are where it begins in each file that has some of it. It has none when it is
	// the line in hand.
	parts []part
	// joined says that it was put together of pieces.
	joined bool
}

// single is where a line is that became a record of its own, as long as the next one of
// its stream may show that it is the first of several.
type single struct {
	batch  uint64
	record int
	start  int64
}

// whole takes a line that is complete.
func (in *intake) whole(l entire) {
	if c := in.compounds[l.stream]; c != nil {
		switch c.record.Add(l.body) {
		case multiline.Yes:
			in.add(c, l)
		case multiline.Doubt:
			in.doubt(c, l)
		default:
			in.endCompound(l.stream)
			in.whole(l)
		}
		return
	}
	if before, ok := in.before(l.stream); ok && in.rule.GoesOn(l.body) {
		if record, verdict := in.rule.Join(in.receiver.scratch(before), l.body); verdict != multiline.No {
			c := in.takeBack(l.stream, record)
			if verdict == multiline.Doubt {
				in.doubt(c, l)
			} else {
				in.add(c, l)
			}
			return
		}
	}
	record, begins := in.rule.Begin(l.body)
	if l.parts != nil && !begins {
		// It could not be taken back.
		record, begins = in.rule.MayBegin(l.body)
	}
	switch {
	case begins:
		in.single[l.stream] = single{}
		in.add(in.newCompound(l.stream, record), l)
	case l.parts == nil:
		in.emitSingle(l.time, l.stream, l.body)
	default:
		in.emitParts(l)
	}
}

// emitSingle makes a record of the line in hand.
func (in *intake) emitSingle(time int64, stream runtimelog.Stream, body []byte) {
	in.emit(time, stream, in.emitPieces(time, stream, body, nil))
	b := &in.receiver.batch
	in.single[stream] = single{batch: b.number, record: len(b.records) - 1, start: in.lineStart}
}

// emitParts makes a record of a line. Nothing holds the positions at its beginning any
// more.
func (in *intake) emitParts(l entire) {
	in.single[l.stream] = single{}
	others := in.othersOf(l.parts)
	last := in.emitPieces(l.time, l.stream, l.body, others)
	l.release()
	// The batch now has lines of several files.
	in.others = append(in.others, others...)
	in.emit(l.time, l.stream, last)
}

func (in *intake) othersOf(parts []part) (others []*intake) {
	for _, p := range parts {
		if p.in != in {
			others = append(others, p.in)
		}
	}
	return others
}

// release lets the positions pass.
func (l *entire) release() {
	for _, p := range l.parts {
		if l.joined {
			p.in.held[l.stream] = nowhere
		} else {
			p.in.kept[l.stream] = nowhere
		}
	}
}

// before returns the line before of a stream, if it can be taken back.
func (in *intake) before(stream runtimelog.Stream) (body string, ok bool) {
	s, b := in.single[stream], &in.receiver.batch
	if s.batch != b.number {
		return "", false
	}
	return b.body(s.record), true
}

// scratch copies a text, to be looked at until the next one is.
func (r *podLogs) scratch(text string) []byte {
	r.looked = append(r.looked[:0], text...)
	return r.looked
}

// takeBack takes the line before out of the batch: it is the first one of several.
func (in *intake) takeBack(stream runtimelog.Stream, record multiline.Record) *compound {
	s, b := in.single[stream], &in.receiver.batch
	c := in.newCompound(stream, record)
	c.time, c.lines = b.records[s.record].time, 1
	c.text = append(c.text, b.body(s.record)...)
	c.parts = append(c.parts, part{in, s.start})
	c.hold()
	b.remove(s.record)
	in.records--
	in.single[stream] = single{}
	for i := range in.single {
		if other := &in.single[i]; other.batch == b.number && other.record > s.record {
			other.record--
		}
	}
	return c
}

// decide is called when the next line of a stream is not there, and the batch could be
// sent before it is: a line to which more may belong is taken back.
func (in *intake) decide(stream runtimelog.Stream) {
	if before, ok := in.before(stream); ok {
		if record, may := in.rule.MayBegin(in.receiver.scratch(before)); may {
			in.takeBack(stream, record)
		}
	}
	in.single[stream] = single{}
}

// add puts a line into a record, and the one in doubt before it.
func (in *intake) add(c *compound, l entire) {
	if c.doubtful {
		in.append(c, c.doubt)
		c.doubtful = false
	}
	in.append(c, l)
	c.waits = time.Time{}
}

// append puts a line into a record. If that would be too long, what there is of it is
// handed on, and what follows is another one.
func (in *intake) append(c *compound, l entire) {
	r := in.receiver
	if c.lines > 0 && (c.lines >= r.config.Multiline.MaxLines || len(c.text)+len("\n")+len(l.body) > r.config.MaxLineBytes) {
		r.trouble.Count(longRecord)
		in.handOn(c)
	}
	if c.lines == 0 {
		c.time = l.time
	} else {
		c.text = append(c.text, '\n')
	}
	c.text = append(c.text, l.body...)
	c.lines++
	for _, p := range in.partsOf(l) {
		c.begin(p)
	}
	if l.joined {
		l.release()
	}
	c.hold()
}

// doubt keeps a line until the next one shows whether it belongs to a record.
func (in *intake) doubt(c *compound, l entire) {
	c.doubt = entire{
		time: l.time, stream: l.stream, body: append(c.doubt.body[:0], l.body...), parts: append(c.doubt.parts[:0], in.partsOf(l)...),
	}
	c.doubtful = true
	if l.joined {
		l.release()
	}
	c.hold()
	c.waits = time.Time{}
}

func (in *intake) partsOf(l entire) []part {
	if l.parts == nil {
		in.own[0] = part{in, in.lineStart}
		return in.own[:]
	}
	return l.parts
}

// begin notes where a record begins in a file.
func (c *compound) begin(at part) {
	for _, p := range c.parts {
		if p.in == at.in {
			return
		}
	}
	c.parts = append(c.parts, at)
}

// hold keeps the positions before what is not in a batch.
func (c *compound) hold() {
	if c.doubtful {
		for _, p := range c.doubt.parts {
			p.in.kept[c.stream] = p.start
		}
	}
	for _, p := range c.parts {
		p.in.kept[c.stream] = p.start
	}
}

// goOnIn says that the next line is in another file, from an offset on.
func (c *compound) goOnIn(in *intake, offset int64) {
	c.in = in
	c.begin(part{in, offset})
	if c.doubtful {
		c.doubt.parts = append(c.doubt.parts, part{in, offset})
	}
	c.hold()
}

// handOn makes a record of the lines that are certain.
func (in *intake) handOn(c *compound) {
	l := entire{time: c.time, stream: c.stream, body: c.text, parts: c.parts}
	if c.lines == 0 {
		l.release()
	} else {
		in.emitParts(l)
	}
	clear(c.parts)
	c.text, c.parts, c.lines = c.text[:0], c.parts[:0], 0
	c.hold()
}

// endCompound hands on a record, and looks at the line in doubt anew.
func (in *intake) endCompound(stream runtimelog.Stream) {
	c, r := in.compounds[stream], in.receiver
	in.handOn(c)
	in.compounds[stream] = nil
	delete(r.open, c)
	if c.doubtful {
		in.whole(c.doubt)
	}
	r.keepCompound(c)
}

// interrupt ends what is open of a stream: what comes is no complete line.
func (in *intake) interrupt(stream runtimelog.Stream) {
	for in.compounds[stream] != nil {
		in.endCompound(stream)
	}
	in.single[stream] = single{}
}

// await is called at the end of what was read. While there is more, nothing is waited
// for.
func (in *intake) await(more bool) {
	for stream := range in.single {
		in.decide(runtimelog.Stream(stream)) //nolint:gosec // One of three.
	}
	for _, c := range in.compounds {
		switch {
		case c == nil:
		case more:
			c.waits = time.Time{}
		case c.waits.IsZero():
			c.waits = in.receiver.now()
		}
	}
}

// expire hands on the records that have waited for their next line long enough. It returns
// after how much time it has to be called again; 0 is never.
func (r *podLogs) expire(now time.Time) (next time.Duration) {
	timeout := r.config.Multiline.Timeout
	for c := range r.open {
		if c.waits.IsZero() {
			continue
		}
		if left := timeout - now.Sub(c.waits); left > 0 {
			next = sooner(next, left)
			continue
		}
		in := c.in
		in.lineStart = in.lineEnd
		in.endCompound(c.stream)
		in.await(false) // The line in doubt may be the first one of another.
		in.enter()
		next = sooner(next, timeout)
	}
	return next
}

func (in *intake) newCompound(stream runtimelog.Stream, record multiline.Record) *compound {
	r := in.receiver
	c := &compound{}
	if n := len(r.compounds); n > 0 {
		c = r.compounds[n-1]
		r.compounds = r.compounds[:n-1]
	}
	c.in, c.stream, c.record = in, stream, record
	in.compounds[stream] = c
	r.open[c] = struct{}{}
	return c
}

func (r *podLogs) keepCompound(c *compound) {
	if cap(c.text) > maxKept || cap(c.doubt.body) > maxKept || len(r.compounds) >= 64 {
		return
	}
	clear(c.doubt.parts)
	*c = compound{text: c.text[:0], parts: c.parts[:0], doubt: entire{body: c.doubt.body[:0], parts: c.doubt.parts[:0]}}
	r.compounds = append(r.compounds, c)
}
