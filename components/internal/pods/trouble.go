// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"maps"
	"sync"
	"time"
)

// apiServer is what is in trouble when the API server does not answer.
const apiServer = "API server"

// storage is what is in trouble when nothing can be stored.
const storage = "storage"

// Notice tells a person that something is in trouble, or no longer.
type Notice struct {
	// What is the API server, the storage, or a resource that may not be read.
	What string
	// Err says what is wrong and what to do; nil is the end of the trouble.
	Err error
	// For is how long a trouble that is over has lasted.
	For time.Duration
}

// trouble tells each trouble once when it begins and once when it is over, whatever is tried
// in between. It may be used by several goroutines.
type trouble struct {
	tell func(Notice)

	mu  sync.Mutex
	all map[string]*ailment
}

type ailment struct {
	since time.Time
	times int
	told  bool
}

// failed says that something went wrong. A first time may be chance: a server that starts anew, or
// a connection that a balancer has cut.
func (t *trouble) failed(what string, err error) { t.report(what, err, 2) }

// denied says that something went wrong that does not come by chance.
func (t *trouble) denied(what string, err error) { t.report(what, err, 1) }

func (t *trouble) report(what string, err error, from int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.all[what]
	if a == nil {
		a = &ailment{since: time.Now()}
		t.all[what] = a
	}
	if a.times++; a.told || a.times < from {
		return
	}
	a.told = true
	t.tell(Notice{What: what, Err: err})
}

func (t *trouble) over(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.all[what]
	delete(t.all, what)
	if a != nil && a.told {
		t.tell(Notice{What: what, For: time.Since(a.since)})
	}
}

// Stats are figures about what a Watcher did and knows.
type Stats struct {
	// Known counts the pods that are known, Unknown those that are tracked and are not.
	Known, Unknown int
	// Requests counts the requests to the API server.
	Requests map[Outcome]int64
	// Restarts counts the watches that were ended since nothing came, by resource.
	Restarts map[string]int64
	// Silent is how long ago the last good answer was, by resource.
	Silent map[string]time.Duration
	// Ignored counts values that were left out: `damaged` in the storage, and annotations
	// that are too `large`.
	Ignored map[string]int64
}

type stats struct {
	mu       sync.Mutex
	requests map[Outcome]int64
	restarts map[string]int64
	answered map[string]time.Time
	ignored  map[string]int64
}

func newStats() *stats {
	return &stats{
		requests: map[Outcome]int64{}, restarts: map[string]int64{}, answered: map[string]time.Time{},
		ignored: map[string]int64{"damaged": 0, "large": 0},
	}
}

func (s *stats) request(c call, result string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[Outcome{Resource: c.resource, Verb: c.verb, Result: result}]++
}

// follows begins to count for a resource.
func (s *stats) follows(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[resource] = time.Now()
	s.restarts[resource] = 0
}

func (s *stats) good(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[resource] = time.Now()
}

func (s *stats) restart(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restarts[resource]++
}

func (s *stats) ignore(reason string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ignored[reason] += n
}

func (s *stats) read() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := make(map[string]time.Duration, len(s.answered))
	for resource, at := range s.answered {
		silent[resource] = time.Since(at)
	}
	return Stats{
		Requests: maps.Clone(s.requests), Restarts: maps.Clone(s.restarts), Ignored: maps.Clone(s.ignored), Silent: silent,
	}
}
