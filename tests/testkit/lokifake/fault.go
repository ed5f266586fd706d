// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Push is a request as a fault's predicate sees it.
type Push struct {
	// Tenant is the tenant the request is for.
	Tenant string
	// Header is the header of the request.
	Header http.Header
	// Entries are its entries in order, as sent: nothing normalised, Labels nil.
	// There are none when the body could not be decoded.
	Entries []Entry
}

// HasLine reports whether a line of the request contains text.
func (p *Push) HasLine(text string) bool {
	for _, entry := range p.Entries {
		if strings.Contains(entry.Line, text) {
			return true
		}
	}
	return false
}

// Fault says how the server treats the pushes it applies to. The zero value is
// no fault. Within one request the delay comes first, then the storing, then the
// disconnect, then the status.
type Fault struct {
	// Tenant limits the fault to the requests of one tenant; empty means all.
	Tenant string
	// When limits the fault to the requests for which it returns true; nil means
	// all. It must not call the server.
	When func(*Push) bool
	// Status answers with this status, 200 to 599, and stores nothing.
	Status int
	// Body is the text of that answer (default: "failed on cue of the test" for
	// failures, none for 2xx).
	Body string
	// RetryAfter goes along with Status as the Retry-After header, in seconds
	// rounded up. Alone it does nothing.
	RetryAfter time.Duration
	// Delay holds the answer back. When the sender gives up or the server stops
	// meanwhile, nothing is stored.
	Delay time.Duration
	// Disconnect closes the connection in place of an answer and stores nothing.
	Disconnect bool
	// Store treats the request as usual and only then answers as Status or
	// Disconnect say, so that the sender hears of a failure that was none.
	Store bool
	// Times is the number of requests to fault; 0 means until ClearFault.
	Times int
}

// changes reports whether the fault does anything to a request.
func (f Fault) changes() bool {
	return f.Status != 0 || f.Delay > 0 || f.Disconnect
}

// SetFault makes the following pushes fail as described; of several faults the
// first that matches a request applies to it. It replaces the faults set before,
// also those that have requests left.
func (s *Server) SetFault(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	for _, fault := range faults {
		s.faults = append(s.faults, &pendingFault{Fault: fault, left: fault.Times})
	}
}

// ClearFault lets the following pushes succeed. A request that is already held
// back by a delay is not released.
func (s *Server) ClearFault() {
	s.SetFault()
}

// Faulted is the number of requests that got a fault since the start. A request
// counts as soon as its fault is chosen, hence already during a delay.
func (s *Server) Faulted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faulted
}

// pendingFault is a fault with the number of requests it still applies to, which
// counts only when Times is set.
type pendingFault struct {
	Fault
	left int
}

// takeFault chooses the fault of a request, the zero Fault for none. The caller
// holds the lock.
func (s *Server) takeFault(p *Push) Fault {
	for _, fault := range s.faults {
		used := fault.Times > 0 && fault.left == 0
		if used || !fault.changes() || fault.Tenant != "" && fault.Tenant != p.Tenant {
			continue
		}
		if fault.When != nil && !fault.When(p) {
			continue
		}
		fault.left--
		s.faulted++
		return fault.Fault
	}
	return Fault{}
}

// hold waits for delay and reports whether it passed with the sender still there
// and the server still running.
func (s *Server) hold(ctx context.Context, delay time.Duration) bool {
	if delay <= 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.stopping:
		return false
	}
}

// text is the body of the faulty answer.
func (f Fault) text() string {
	if f.Body == "" && f.Status >= http.StatusMultipleChoices {
		return "failed on cue of the test"
	}
	return f.Body
}
