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
	in.emitParts(entire{time: c.time, stream: c.stream, body: c.text, parts: c.parts})
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
	if more {
		in.goOnWaiting()
		return
	}
	for _, c := range in.compounds {
		if c != nil && c.waits.IsZero() {
			c.waits = in.receiver.now()
		}
	}
}

// goOnWaiting is called when the next line is there and cannot be read yet: until it is,
// a record waits as long as that takes.
func (in *intake) goOnWaiting() {
	for _, c := range in.compounds {
		if c != nil {
			c.waits = time.Time{}
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
	var c *compound
	if n := len(r.compounds); n > 0 {
		c = r.compounds[n-1]
		r.compounds = r.compounds[:n-1]
	} else {
		c = &compound{}
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
