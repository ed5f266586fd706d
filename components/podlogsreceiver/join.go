// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"slices"

	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// join is a line of which the runtime has written some pieces. The position of each
// file that has one stays before it until the line is complete.
type join struct {
	in   []*intake
	time int64
	text []byte
	// bytes is how much of the files the pieces take that were not handed on.
	bytes int64
	// fate is what the limits say of the line.
	fate fate
}

// maxKept is the largest memory of a join that waits to be used again.
const maxKept = 64 << 10

// piece adds one to the line of its stream, and hands on what is complete, or too long
// to be. It returns the fate of a line of which it is the last one.
func (in *intake) piece(l runtimelog.Line, size int) fate {
	r := in.receiver
	j := in.joins[l.Stream]
	if j == nil {
		j = r.newJoin()
		j.in, j.time = append(j.in, in), l.Time
		in.joins[l.Stream] = j
		in.held[l.Stream] = in.lineStart
	}
	if len(j.text) > 0 && len(j.text)+len(l.Body) > r.config.MaxLineBytes {
		r.trouble.Count(longJoin)
		in.hand(j, l.Stream)
		j.in, j.text = append(j.in[:0], in), j.text[:0]
		in.held[l.Stream] = in.lineStart
	}
	j.text = append(j.text, l.Body...)
	j.bytes += int64(size)
	if l.Partial {
		return undecided
	}
	return in.endJoin(l.Stream)
}

// endJoin hands on what there is of a line, and returns its fate.
func (in *intake) endJoin(stream runtimelog.Stream) fate {
	j := in.joins[stream]
	in.joins[stream] = nil
	in.hand(j, stream)
	decided := j.fate
	in.receiver.keepJoin(j)
	return decided
}

// hand makes a record of the pieces so far. Nothing holds the position at their
// beginning any more.
func (in *intake) hand(j *join, stream runtimelog.Stream) {
	others := slices.DeleteFunc(j.in, func(i *intake) bool { return i == in })
	size := j.bytes
	j.bytes = 0
	if !in.admits(&j.fate, j.time, size) {
		in.passOver(stream, others)
		return
	}
	in.bytes += size
	last := in.emitPieces(j.time, stream, j.text, others)
	in.held[stream] = nowhere
	for _, other := range others {
		other.held[stream] = nowhere
	}
	// The batch now has lines of several files.
	in.others = append(in.others, others...)
	in.emit(j.time, stream, last)
}

// passOver lets the positions pass the pieces of a line that is dropped.
func (in *intake) passOver(stream runtimelog.Stream, others []*intake) {
	in.held[stream] = nowhere
	for _, other := range others {
		other.held[stream] = nowhere
		other.source.Skip(reached{other.position(other.lineEnd), other}, 0, 0)
	}
}

// adopt takes over the lines that began in the file before. Where something of the
// stream was delivered from this file by the process before, the rest of such a line
// was part of it: what follows belongs to another line.
func (in *intake) adopt(before *intake, offset int64) {
	for stream, j := range before.joins {
		if j != nil && in.joins[stream] == nil && in.start[stream] == 0 {
			in.joins[stream], before.joins[stream] = j, nil
			j.in = append(j.in, in)
			in.held[stream] = offset
		}
	}
}

func (r *podLogs) newJoin() *join {
	if n := len(r.joins); n > 0 {
		j := r.joins[n-1]
		r.joins = r.joins[:n-1]
		return j
	}
	return &join{}
}

func (r *podLogs) keepJoin(j *join) {
	if cap(j.text) <= maxKept && len(r.joins) < 64 {
		clear(j.in)
		*j = join{in: j.in[:0], text: j.text[:0]}
		r.joins = append(r.joins, j)
	}
}
