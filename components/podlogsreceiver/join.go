// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import "github.com/tributary-otel/tributary/components/internal/runtimelog"

// join is a line of which the runtime has written some pieces. It belongs to the file
// in which it began, whose position stays before it until the line is complete, also
// if the last piece is in the next file.
type join struct {
	began *intake
	time  int64
	text  []byte
}

// maxKept is the largest memory of a join that waits to be used again.
const maxKept = 64 << 10

// piece adds one to the line of its stream, and hands on what is complete, or too long
// to be.
func (in *intake) piece(l runtimelog.Line) {
	r := in.receiver
	j := in.joins[l.Stream]
	if j == nil {
		j = r.newJoin()
		j.began, j.time = in, l.Time
		in.joins[l.Stream] = j
		in.held[l.Stream] = in.lineStart
	}
	if len(j.text) > 0 && len(j.text)+len(l.Body) > r.config.MaxLineBytes {
		r.trouble.count(longJoin)
		in.hand(j, l.Stream)
		j.began, j.text = in, j.text[:0]
		in.held[l.Stream] = in.lineStart
	}
	j.text = append(j.text, l.Body...)
	if !l.Partial {
		in.endJoin(l.Stream)
	}
}

// endJoin hands on what there is of a line.
func (in *intake) endJoin(stream runtimelog.Stream) {
	j := in.joins[stream]
	in.joins[stream] = nil
	in.hand(j, stream)
	in.receiver.keepJoin(j)
}

// hand makes a record of the pieces so far. Nothing holds the position at their
// beginning any more.
func (in *intake) hand(j *join, stream runtimelog.Stream) {
	in.makeRoom(len(j.text))
	j.began.held[stream] = nowhere
	if j.began != in {
		// The batch now has lines of two files.
		in.others = append(in.others, j.began)
	}
	in.emit(j.time, stream, j.text)
}

// adopt takes over the lines that began in the file before.
func (in *intake) adopt(before *intake) {
	for stream, j := range before.joins {
		if j != nil && in.joins[stream] == nil {
			in.joins[stream], before.joins[stream] = j, nil
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
		j.began, j.text = nil, j.text[:0]
		r.joins = append(r.joins, j)
	}
}
