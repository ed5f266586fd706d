// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault says how the server treats the requests it applies to. The zero value
// is no fault. Within one request the delay comes first, then the status, then
// what is done to the answer.
type Fault struct {
	// Verb limits the fault to requests of one verb: get, list or watch. Empty
	// means all.
	Verb string
	// Resource limits the fault to one resource, by its plural name such as
	// pods. Empty means all.
	Resource string
	// Status answers with this status of HTTP and the object that a real server
	// sends along: 401, 403, 404, 410, 429, 500, 503, 504 or any other failure.
	Status int
	// RetryAfter goes along with Status as the Retry-After header, in seconds
	// rounded up. Alone it does nothing.
	RetryAfter time.Duration
	// Delay holds the answer back, that of a watch before it is open.
	Delay time.Duration
	// Disconnect closes the connection in place of an answer, or, with Truncate,
	// in the middle of it.
	Disconnect bool
	// Truncate ends the answer, and its body of HTTP, in the middle of its JSON:
	// a list or an object after half of its bytes, a watch after half of its next
	// event.
	Truncate bool
	// Silent opens a watch that announces what it begins with, and from then on
	// sends nothing and does not end, as when the network forgets a connection.
	Silent bool
	// NoBookmarks opens a watch that sends no bookmark but the one that ends the
	// initial events.
	NoBookmarks bool
	// Times is the number of requests to fault; 0 means until ClearFault.
	Times int
}

// changes reports whether the fault does anything to a request.
func (f Fault) changes() bool {
	return f.Status != 0 || f.Delay > 0 || f.Disconnect || f.Truncate || f.Silent || f.NoBookmarks
}

// SetFault makes the following requests fail as described; of several faults
// the first that matches a request applies to it. It replaces the faults set
// before, also those that have requests left. Open watches stay as they are.
func (s *Server) SetFault(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	for _, fault := range faults {
		s.faults = append(s.faults, &pendingFault{Fault: fault, left: fault.Times})
	}
}

// ClearFault lets the following requests succeed. A request that is held back
// by a delay is not released, and a silent watch stays silent.
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

// pendingFault is a fault with the number of requests it still applies to,
// which counts only when Times is set.
type pendingFault struct {
	Fault
	left int
}

// takeFault chooses the fault of a request, the zero Fault for none. The caller
// holds the lock.
func (s *Server) takeFault(r *Request) Fault {
	for _, fault := range s.faults {
		used := fault.Times > 0 && fault.left == 0
		if used || !fault.changes() || fault.Verb != "" && fault.Verb != r.Verb || fault.Resource != "" && fault.Resource != r.Resource {
			continue
		}
		fault.left--
		s.faulted++
		return fault.Fault
	}
	return Fault{}
}

// failure is the error of the fault's status, as a real server words it.
func (f Fault) failure(verb string, to target) error {
	const cue = "failed on cue of the test"
	seconds := int((f.RetryAfter + time.Second - 1) / time.Second)
	var failure *apierrors.StatusError
	switch f.Status {
	case http.StatusUnauthorized:
		failure = unauthorized()
	case http.StatusForbidden:
		where := "at the cluster scope"
		if to.namespace != "" {
			where = fmt.Sprintf("in the namespace %q", to.namespace)
		}
		who := fmt.Sprintf("User \"somebody\" cannot %s resource %q in API group %q %s", verb, to.res.plural, to.res.Group, where)
		failure = apierrors.NewForbidden(to.res.groupResource(), to.name, errors.New(who))
	case http.StatusGone:
		failure = apierrors.NewResourceExpired(cue)
	case http.StatusTooManyRequests:
		failure = apierrors.NewTooManyRequests(cue, seconds)
	case http.StatusInternalServerError:
		failure = apierrors.NewInternalError(errors.New(cue))
	case http.StatusServiceUnavailable:
		failure = apierrors.NewServiceUnavailable(cue)
	default:
		failure = apierrors.NewGenericServerResponse(f.Status, verb, to.res.groupResource(), to.name, cue, seconds, false)
	}
	if seconds > 0 {
		details := failure.ErrStatus.Details
		if details == nil {
			details = &metav1.StatusDetails{}
		}
		details.RetryAfterSeconds = int32(seconds)
		failure.ErrStatus.Details = details
	}
	return failure
}

// hold waits for delay and reports whether it passed with the client still
// there and the server still up.
func hold(ctx context.Context, delay time.Duration, outage <-chan struct{}) bool {
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
	case <-outage:
		return false
	}
}
