// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"cmp"
	"slices"
	"testing"
	"time"
)

// pollInterval is how often a condition is looked at: long beside the cost of a query, short beside a start.
const pollInterval = 50 * time.Millisecond

// eventually waits until cond holds and ends the test, with what last describes, when it does not within timeout.
func eventually(t testing.TB, timeout time.Duration, what string, cond func() bool, last func() string) {
	t.Helper()
	if !within(timeout, cond) {
		t.Fatalf("timed out after %s waiting for %s: %s", timeout, what, last())
	}
}

// within reports whether cond came to hold within timeout.
func within(timeout time.Duration, cond func() bool) bool {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !cond() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}

// sortByTime sorts entries by their timestamps and keeps the order of equal ones.
func sortByTime(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Timestamp.UnixNano(), b.Timestamp.UnixNano()) })
}
