// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// Pair is a name with its value.
type Pair struct {
	Name, Value string
}

// Entry is one stored entry. Its map and slice may be shared between entries, so
// a test must not change them.
type Entry struct {
	// Tenant is the tenant it belongs to.
	Tenant string
	// Labels are the labels of its stream as stored: without those that have no
	// value, and with the service_name that Loki adds.
	Labels map[string]string
	// LabelString is the label string of its stream as it was sent.
	LabelString string
	// Timestamp is its time, in UTC.
	Timestamp time.Time
	// Line is its text.
	Line string
	// Metadata is its structured metadata as stored: names made legal, sorted by
	// name. The detected level that Loki adds is left out.
	Metadata []Pair
}

// Meta returns the value of a pair of the structured metadata, empty when there
// is none of that name.
func (e Entry) Meta(name string) string {
	for _, pair := range e.Metadata {
		if pair.Name == name {
			return pair.Value
		}
	}
	return ""
}

// Request is one request to push as it arrived, also one that was refused.
type Request struct {
	// Tenant is the tenant it was for, valid or not.
	Tenant string
	// Header is its header.
	Header http.Header
	// Status is the status of the answer; 0 when there is none yet, or there was
	// a disconnect in place of it.
	Status int
	// Answer is the text of the answer, without the line break at its end.
	Answer string
	// Faulted is true when a fault applied to it.
	Faulted bool
	// WireBytes is the size of the body on the wire.
	WireBytes int
	// Bytes is the size of the body after decompression; 0 when it could not be
	// decompressed.
	Bytes int
	// Streams holds the label strings of its streams as sent; nil when it could
	// not be decoded.
	Streams []string
	// Lines holds the lines of its entries in order, stored or not.
	Lines []string
}

// Entries returns the entries of a tenant in order of arrival; an empty name
// means those of every tenant.
func (s *Server) Entries(tenant string) []Entry {
	entries, _ := s.snapshot()
	if tenant == "" {
		return slices.Clone(entries)
	}
	var found []Entry
	for _, entry := range entries {
		if entry.Tenant == tenant {
			found = append(found, entry)
		}
	}
	return found
}

// Count is the number of entries stored so far, of all tenants.
func (s *Server) Count() int {
	entries, _ := s.snapshot()
	return len(entries)
}

// Series returns the label sets of a tenant's streams, sorted by their text.
func (s *Server) Series(tenant string) []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.tenants[tenant]
	if owner == nil {
		return nil
	}
	series := make([]map[string]string, 0, len(owner.streams))
	for _, name := range owner.streamNames() {
		series = append(series, owner.streams[name].labels.asMap())
	}
	return series
}

// Requests returns a copy of the list of requests so far, refused ones included,
// in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// WaitEntries waits until at least n entries were stored, of all tenants, and
// returns all of them. It ends the test when fewer came within timeout, and says
// how many did.
func (s *Server) WaitEntries(t testing.TB, n int, timeout time.Duration) []Entry {
	t.Helper()
	what := fmt.Sprintf("%d entries", n)
	return s.WaitFor(t, timeout, what, func(entries []Entry) bool { return len(entries) >= n })
}

// WaitFor waits until cond holds for the entries stored so far, of all tenants,
// and returns them. It ends the test when that does not happen within timeout.
// what completes the sentence "timed out waiting for". cond runs at the start
// and after changes, and must neither change nor keep the slice it gets.
func (s *Server) WaitFor(t testing.TB, timeout time.Duration, what string, cond func([]Entry) bool) []Entry {
	t.Helper()
	s.wait(t, timeout, what, func() bool {
		entries, _ := s.snapshot()
		return cond(entries)
	})
	return s.Entries("")
}

// WaitForRequests is WaitFor with the list of requests in place of the entries.
func (s *Server) WaitForRequests(t testing.TB, timeout time.Duration, what string, cond func([]Request) bool) []Request {
	t.Helper()
	s.wait(t, timeout, what, func() bool { return cond(s.Requests()) })
	return s.Requests()
}

// wait looks at cond now and after every change until it holds.
func (s *Server) wait(t testing.TB, timeout time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		// The channel is taken before the look, so that no change falls between.
		_, changed := s.snapshot()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			if !cond() {
				t.Fatalf("timed out after %s waiting for %s: %s", timeout, what, s.summary())
			}
			return
		}
	}
}

// snapshot returns the entries so far and a channel that is closed at the next
// change of them or of the requests. Entries are only ever added, so the slice
// needs no copy.
func (s *Server) snapshot() ([]Entry, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[:len(s.entries):len(s.entries)], s.changed
}

// announce wakes those who wait. The caller holds the lock.
func (s *Server) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// summary describes for a failed wait what the server has seen.
func (s *Server) summary() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "%d entries were stored of %d requests, %d of which were faulted", len(s.entries), len(s.requests), s.faulted)
	if n := len(s.entries); n > 0 {
		last := s.entries[n-1]
		fmt.Fprintf(&text, "; the last entry is %s of stream %s", abbreviate(last.Line), last.LabelString)
	}
	if n := len(s.requests); n > 0 {
		last := s.requests[n-1]
		fmt.Fprintf(&text, "; the last request had %d lines and was answered %d %s", len(last.Lines), last.Status, abbreviate(last.Answer))
	}
	return text.String()
}

// abbreviate quotes text and cuts it to a length that fits a failure message.
func abbreviate(text string) string {
	const limit = 160
	if len(text) <= limit {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q… (%d bytes)", text[:limit], len(text))
}
