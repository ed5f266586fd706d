// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Records returns a copy of the records kept so far, in order of arrival.
func (b *Backend) Records() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

// Count is the number of records kept so far.
func (b *Backend) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.records)
}

// Requests returns a copy of the list of requests so far, refused ones included,
// in order of arrival.
func (b *Backend) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// WaitRecords waits until at least n records were kept and returns all of them.
// It ends the test when fewer came within timeout, and says how many did.
func (b *Backend) WaitRecords(t testing.TB, n int, timeout time.Duration) []Record {
	t.Helper()
	if !poll(timeout, func() bool { return b.Count() >= n }) {
		t.Fatalf("timed out after %s waiting for %d records: %s", timeout, n, b.summary())
	}
	return b.Records()
}

// WaitFor waits until cond holds for the records kept so far and returns them.
// It ends the test when that does not happen within timeout. what completes the
// sentence "timed out waiting for". cond runs at the start and whenever records
// were added, and must neither change nor keep the slice it gets.
func (b *Backend) WaitFor(t testing.TB, timeout time.Duration, what string, cond func([]Record) bool) []Record {
	t.Helper()
	seen := -1
	holds := func() bool {
		if n := b.Count(); n == seen {
			return false
		}
		records := b.Records()
		seen = len(records)
		return cond(records)
	}
	if !poll(timeout, holds) {
		t.Fatalf("timed out after %s waiting for %s: %s", timeout, what, b.summary())
	}
	return b.Records()
}

// arrived lists a request and returns its place in the list.
func (b *Backend) arrived(r Request) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r)
	return len(b.requests) - 1
}

// keep adds the records of an accepted request.
func (b *Backend) keep(records []Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, records...)
}

// refuse notes that the request at a place in the list was refused.
func (b *Backend) refuse(place int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[place].Refused = true
}

// summary describes for a failed wait what the backend has seen.
func (b *Backend) summary() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s strings.Builder
	fmt.Fprintf(&s, "%d records came in %d requests, %d of which were faulted", len(b.records), len(b.requests), b.faulted)
	if n := len(b.records); n > 0 {
		last := b.records[n-1]
		fmt.Fprintf(&s, "; the last record has body %s, attributes %v, resource %v",
			abbreviate(fmt.Sprint(last.Body)), last.Attributes, last.Resource)
	}
	if n := len(b.requests); n > 0 {
		last := b.requests[n-1]
		fmt.Fprintf(&s, "; the last request was %s %s with %d records", last.Protocol, last.Path, last.Records)
	}
	return s.String()
}

// abbreviate quotes text and cuts it to a length that fits a failure message.
func abbreviate(text string) string {
	const limit = 160
	if len(text) <= limit {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q… (%d bytes)", text[:limit], len(text))
}
