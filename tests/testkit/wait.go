// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"
	"time"
)

// pollInterval is how often a condition is looked at while waiting for it. It
// is short beside anything a collector does, and long beside the cost of a look.
const pollInterval = 10 * time.Millisecond

// Eventually waits until cond holds and ends the test when it does not hold
// within timeout. It looks at once, then every 10 ms, and a last time when the
// timeout has passed. what completes the sentence "timed out waiting for". It
// must be called from the goroutine of the test; cond runs there too.
func Eventually(t testing.TB, timeout time.Duration, what string, cond func() bool) {
	t.Helper()
	if !poll(timeout, cond) {
		t.Fatalf("timed out after %s waiting for %s", timeout, what)
	}
}

// poll reports whether cond came to hold within timeout.
func poll(timeout time.Duration, cond func() bool) bool {
	if cond() {
		return true
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if cond() {
				return true
			}
		case <-deadline.C:
			return cond()
		}
	}
}
