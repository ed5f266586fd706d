// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// spread is how far the times of a container's lines may lie apart in batches that are
// sent side by side. Loki refuses what is an hour behind the newest line of its stream.
const spread = 30 * time.Minute

// order says which batches have to be delivered before others. Those of a backlog of
// hours go one after the other, and so does what follows a batch that is tried for so
// long; all others go side by side.
type order struct {
	mu      sync.Mutex
	flights map[tail.Container][]*flight
	peak    shrink.Peak
}

// flight is a batch that is on its way.
type flight struct {
	// oldest is the time of its oldest line, in nanoseconds since 1970.
	oldest int64
	// done is closed when the batch is acknowledged.
	done chan struct{}
	// tried says that it was sent before.
	tried atomic.Bool
}

// enter notes a batch and returns what has to be delivered before it.
func (o *order) enter(l lines) (f *flight, after []<-chan struct{}) {
	oldest, newest := l.times()
	f = &flight{oldest: oldest, done: make(chan struct{})}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flights == nil {
		o.flights = map[tail.Container][]*flight{}
	}
	for _, from := range l.origins {
		list := o.flights[from.container]
		if len(list) > 0 && list[len(list)-1] == f {
			continue // Two files of one container.
		}
		for _, before := range list {
			if apart(before.oldest, newest) && !slices.Contains(after, (<-chan struct{})(before.done)) {
				after = append(after, before.done)
			}
		}
		o.flights[from.container] = append(list, f)
	}
	return f, after
}

// leave lets those go that wait for a batch.
func (o *order) leave(l lines) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, from := range l.origins {
		list := slices.DeleteFunc(o.flights[from.container], func(f *flight) bool { return f == l.flight })
		if len(list) == 0 {
			shrink.Delete(&o.flights, from.container, &o.peak)
		} else {
			o.flights[from.container] = list
		}
	}
	close(l.flight.done)
}

// times are those of the oldest and the newest line. Lines without a time are left out:
// without any other, no batch waits for this one, nor this one for another.
func (l lines) times() (oldest, newest int64) {
	oldest, newest = math.MaxInt64, math.MinInt64
	for i := range l.records {
		if t := l.records[i].time; t != 0 {
			oldest, newest = min(oldest, t), max(newest, t)
		}
	}
	return oldest, newest
}

// apart reports whether a time is later than another one by more than spread.
func apart(oldest, newest int64) bool {
	// The difference of any two times fits only without its sign.
	return newest > oldest && uint64(newest-oldest) > uint64(spread) //nolint:gosec // It is positive.
}
