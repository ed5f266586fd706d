// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"maps"
	"sync"
	"time"
)

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
