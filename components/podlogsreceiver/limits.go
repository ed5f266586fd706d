// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tributary-otel/tributary/components/internal/ratelimit"
	"github.com/tributary-otel/tributary/components/internal/shrink"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// limits hold the accounts of the containers. They belong to the goroutine that reads, but
// for the counters.
type limits struct {
	all *ratelimit.Limits
	// own says how low the limit of a container's pod is to be, which may be lower than the
	// one for all. It is nil when there is none of its own.
	own func(tail.Container) ratelimit.Limit
	// off says that there is no limit for all.
	off      bool
	accounts map[tail.Container]*account
	peak     shrink.Peak
	// telling are those of which lines were dropped that nobody was told of.
	telling []*account
	// dropped counts by the limit.
	dropped [2]struct{ records, bytes atomic.Int64 }
}

// account is that of a container.
type account struct {
	*ratelimit.Account
	// owing are the files of which lines were dropped that nobody was told of, last is the one
	// of the last of them, and since is when the first was read.
	owing []*intake
	last  *intake
	since time.Time
}

// tellInterval is how often at most it is told what was dropped of a container.
const tellInterval = 10 * time.Second

func newLimits(c RateLimitConfig) *limits {
	pod, namespace := c.Pod.limit(), c.Namespace.limit()
	return &limits{
		all: ratelimit.NewLimits(pod, namespace), off: pod.None() && namespace.None(), accounts: map[tail.Container]*account{},
	}
}

// limit is what the settings say.
func (c LimitConfig) limit() ratelimit.Limit {
	l := ratelimit.Limit{LinesPerSecond: c.LinesPerSecond, BytesPerSecond: c.BytesPerSecond, Burst: c.Burst}
	if c.Policy == policyDrop {
		l.Policy = ratelimit.Drop
	}
	return l
}

// open gives a file the account of its container, and takes over what the process before has
// not told. There is none when nothing can bound it.
func (l *limits) open(in *intake, id tail.Container, before tail.Dropped) {
	nothing := before == (tail.Dropped{})
	if l.off && l.own == nil && nothing {
		return
	}
	in.account = l.accounts[id]
	if in.account == nil {
		owner := ratelimit.Owner{Namespace: id.Namespace, Pod: id.Pod, UID: id.UID}
		in.account = &account{Account: l.all.Open(owner, l.ownOf(id), in.receiver.now())}
		l.accounts[id] = in.account
	}
	if !nothing {
		l.owe(in, before)
	}
}

func (l *limits) ownOf(id tail.Container) ratelimit.Limit {
	if l.own == nil {
		return ratelimit.Limit{}
	}
	return l.own(id)
}

// refresh asks again how low the limit of a container is to be.
func (l *limits) refresh(id tail.Container, now time.Time) {
	if a := l.accounts[id]; a != nil {
		l.all.Lower(a.Account, l.ownOf(id), now)
	}
}

// close ends the account of a container that is gone.
func (l *limits) close(r *podLogs, id tail.Container) {
	if a := l.accounts[id]; a != nil {
		a.tell(r)
		l.all.Close(a.Account)
		shrink.Delete(&l.accounts, id, &l.peak)
	}
}

// drop notes a line, or the rest of one, that is given up.
func (l *limits) drop(in *intake, scope ratelimit.Scope, at int64, bytes int64, lines int) {
	l.dropped[scope].records.Add(int64(lines))
	l.dropped[scope].bytes.Add(bytes)
	l.owe(in, tail.Dropped{Lines: int64(lines), Bytes: bytes, From: at, To: at})
}

// owe notes what has to be told. It goes with the position of the file, until what tells it is
// delivered: so a crash does not lose it.
func (l *limits) owe(in *intake, d tail.Dropped) {
	a := in.account
	if a.last == nil {
		a.since = in.receiver.now()
		l.telling = append(l.telling, a)
	}
	if in.owed == (tail.Dropped{}) {
		a.owing = append(a.owing, in)
	}
	in.owed.Add(d)
	a.last = in
}

// pass tells what was dropped an interval ago, and returns when it wants to again.
func (l *limits) pass(r *podLogs, now time.Time) (next time.Duration) {
	l.telling = slices.DeleteFunc(l.telling, func(a *account) bool {
		if wait := tellInterval - now.Sub(a.since); wait > 0 && a.last != nil {
			next = sooner(next, wait)
			return false
		}
		a.tell(r)
		return true
	})
	return next
}

// flush tells what is left.
func (l *limits) flush(r *podLogs) {
	for _, a := range l.telling {
		a.tell(r)
	}
	l.telling = nil
}

// tell makes a record of what was dropped. It has the time of the last of the lines, as far as
// they have one, since a backend may refuse what is older than something that it has of the
// container.
func (a *account) tell(r *podLogs) {
	if a.last == nil {
		return
	}
	var d tail.Dropped
	for _, in := range a.owing {
		d.Add(in.owed)
		in.owed = tail.Dropped{}
	}
	n := notice{lines: d.Lines, bytes: d.Bytes, from: unix(d.From), to: unix(d.To)}
	if d.To == 0 {
		n.from, n.to = a.since.UTC(), r.now().UTC() // When they were read.
	}
	body := n.String()
	if r.batch.full(len(body)) {
		r.flush()
	}
	r.batch.addNotice(a.last, d.To, body, n)
	for _, in := range a.owing {
		// It is no line: nothing was read for it.
		r.batch.spans.Add(in.source, reached{in.position(in.lineEnd), in}, 0, 0)
	}
	a.owing, a.last = nil, nil
}

// notice is a record that says what was dropped. It is known by where it begins in the text
// of its batch.
type notice struct {
	begin        uint32
	lines, bytes int64
	from, to     time.Time
}

// Attributes of a notice, which no line of a container has.
const (
	droppedLinesKey = "tributary.dropped.lines"
	droppedBytesKey = "tributary.dropped.bytes"
	droppedFromKey  = "tributary.dropped.from"
	droppedToKey    = "tributary.dropped.to"
)

func (n notice) String() string {
	return fmt.Sprintf("%d lines (%d bytes) of this container from %s to %s were dropped: they are above its rate limit",
		n.lines, n.bytes, n.from.Format(time.RFC3339Nano), n.to.Format(time.RFC3339Nano))
}

func unix(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }
