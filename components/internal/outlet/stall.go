// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"fmt"
	"sync"
	"time"
)

// stallAfter is how long nothing is answered until it is said. It is as long as one attempt of the exporters in the
// shipped configurations.
const stallAfter = 30 * time.Second

// stall finds out that what was handed to the pipeline is not answered. An exporter that tries again by itself says
// nothing meanwhile: neither does its call return, nor does it have a status. It may be used by several goroutines.
type stall struct {
	// tell is told when nothing is answered any more, and, with nil, when something is. It is called with the lock held.
	tell func(error)

	mu sync.Mutex
	// waiting counts the calls that have not returned.
	waiting int
	// since is when one has returned last, or when the first of those that wait was made if none waited then.
	since time.Time
	// timer is nil while nobody has to look. It is not set anew for each call: it looks once in stallAfter at most.
	timer        *time.Timer
	told, closed bool
}

// begin is called before each call.
func (s *stall) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == 0 {
		s.since = time.Now()
	}
	s.waiting++
	if s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(stallAfter, s.look)
	}
}

// end is called after each call, whatever it has returned.
func (s *stall) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	s.since = time.Now()
	if s.told && !s.closed {
		s.told = false
		s.tell(nil)
	}
	if s.waiting > 0 && s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(stallAfter, s.look)
	}
}

func (s *stall) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	if s.closed || s.waiting == 0 {
		return
	}
	if left := stallAfter - time.Since(s.since); left > 0 {
		s.timer = time.AfterFunc(left, s.look)
		return
	}
	s.told = true
	s.tell(fmt.Errorf("nothing is delivered since %s, and batches wait for the backend (%d); the log of the exporter says why",
		s.since.UTC().Format(time.RFC3339), s.waiting))
}

// close ends looking. Calls that are still on their way do no harm.
func (s *stall) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}
