// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

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
