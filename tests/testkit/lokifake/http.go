// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
)

// Paths of the server.
const (
	pushPath  = "/loki/api/v1/push"
	readyPath = "/ready"
)

// tenantHeader names the tenant of a request.
const tenantHeader = "X-Scope-OrgID"

// answer is what a request is told.
type answer struct {
	status int
	text   string
}

// stored is the answer when nothing went wrong.
var stored = answer{status: http.StatusNoContent}

func (a answer) write(w http.ResponseWriter) {
	if a.text == "" {
		w.WriteHeader(a.status)
		return
	}
	http.Error(w, a.text, a.status)
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.work.Done()
	switch {
	case r.URL.Path == pushPath && r.Method == http.MethodPost:
		s.push(w, r)
	case r.URL.Path == readyPath && r.Method == http.MethodGet:
		answer{http.StatusOK, "ready"}.write(w)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	body, err := s.readBody(r)
	if err != nil {
		// The sender has gone, so nobody hears an answer.
		panic(http.ErrAbortHandler)
	}
	decoded := decode(r.Header, body, s.limits.BodyBytes)
	request := Request{
		Tenant:    s.tenantOf(r),
		Header:    r.Header.Clone(),
		WireBytes: body.size,
		Bytes:     decoded.size,
	}
	request.list(decoded.streams)
	place, fault := s.arrived(request, decoded)

	if !s.hold(r.Context(), fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	faulty := fault.Disconnect || fault.Status != 0
	result := answer{fault.Status, fault.text()}
	if !faulty || fault.Store {
		actual := s.handle(request.Tenant, decoded)
		if !faulty {
			result = actual
		}
	}
	if fault.Disconnect {
		panic(http.ErrAbortHandler)
	}
	s.settle(place, result)
	if fault.Status != 0 && fault.RetryAfter > 0 {
		seconds := int64(math.Ceil(fault.RetryAfter.Seconds()))
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	result.write(w)
}

// handle authenticates and stores one decoded request.
func (s *Server) handle(name string, decoded decoded) answer {
	if name == "" {
		return answer{http.StatusUnauthorized, "no org id"}
	}
	name, err := resolveTenant(name)
	if err != nil {
		return answer{http.StatusBadRequest, err.Error()}
	}
	if decoded.refusal != nil {
		return *decoded.refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	result := s.distribute(name, decoded.streams)
	s.announce()
	return result
}

// tenantOf is the tenant that a request names, empty for none.
func (s *Server) tenantOf(r *http.Request) string {
	if !s.options.MultiTenant {
		return SingleTenant
	}
	return r.Header.Get(tenantHeader)
}

// body is the body of a request, cut where it exceeds the limit.
type body struct {
	bytes []byte
	// size is the size it had in full, or the size its header announces.
	size int
}

// readBody reads a body up to one byte over the limit and throws away the rest,
// because only then does the server notice that the sender has gone, and can the
// connection be used again.
func (s *Server) readBody(r *http.Request) (body, error) {
	var limited io.Reader = r.Body
	if s.limits.BodyBytes >= 0 {
		limited = io.LimitReader(r.Body, int64(s.limits.BodyBytes)+1)
	}
	read, err := io.ReadAll(limited)
	if err != nil {
		return body{}, err
	}
	rest, err := io.Copy(io.Discard, r.Body)
	return body{read, len(read) + int(rest)}, err
}

// list notes the streams and lines of a request.
func (r *Request) list(streams []sentStream) {
	for _, stream := range streams {
		r.Streams = append(r.Streams, stream.labels)
		for _, entry := range stream.entries {
			r.Lines = append(r.Lines, entry.Line)
		}
	}
}

// arrived lists a request, chooses its fault and returns its place in the list.
func (s *Server) arrived(request Request, decoded decoded) (int, Fault) {
	push := &Push{Tenant: request.Tenant, Header: request.Header}
	for _, stream := range decoded.streams {
		push.Entries = slices.Concat(push.Entries, stream.entries)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.faulted
	fault := s.takeFault(push)
	request.Faulted = s.faulted > before
	s.requests = append(s.requests, request)
	s.announce()
	return len(s.requests) - 1, fault
}

// settle notes the answer to the request at a place in the list.
func (s *Server) settle(place int, result answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[place].Status, s.requests[place].Answer = result.status, result.text
	s.announce()
}
