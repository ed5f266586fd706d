// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// observer takes the place of a test in which failures are the result: it notes them, and the test goes on to pass.
type observer struct {
	testing.TB

	mu       sync.Mutex
	failed   bool
	failures []string
}

// observe runs a function with an observer and returns it when the function has ended or given up. Cleanups run with the
// test, and may still add failures.
func observe(t testing.TB, run func(testing.TB)) *observer {
	o := &observer{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(o)
	}()
	<-done
	return o
}

func (o *observer) note(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = true
	if text = strings.TrimSpace(text); text != "" {
		o.failures = append(o.failures, text)
	}
}

// first is the first failure.
func (o *observer) first() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failures) == 0 {
		return ""
	}
	return o.failures[0]
}

// Failed implements testing.TB.
func (o *observer) Failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// Fail implements testing.TB.
func (o *observer) Fail() { o.note("") }

// FailNow implements testing.TB.
func (o *observer) FailNow() {
	o.note("")
	runtime.Goexit()
}

// Error implements testing.TB.
func (o *observer) Error(args ...any) { o.note(fmt.Sprintln(args...)) }

// Errorf implements testing.TB.
func (o *observer) Errorf(format string, args ...any) { o.note(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (o *observer) Fatal(args ...any) {
	o.note(fmt.Sprintln(args...))
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (o *observer) Fatalf(format string, args ...any) {
	o.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func TestAnObserverNotesAndGoesOn(t *testing.T) {
	reached := false
	o := observe(t, func(t testing.TB) {
		assert.Equal(t, 1, 2, "the first failure")
		require.True(t, t.Failed())
		t.Fatalf("the %s failure", "second")
		reached = true
	})
	assert.False(t, reached, "something ran after a fatal failure")
	assert.True(t, o.Failed())
	assert.Contains(t, o.first(), "the first failure")
	assert.Equal(t, "the second failure", o.failures[1])
	assert.False(t, t.Failed(), "the test itself has failed")
	assert.False(t, observe(t, func(testing.TB) {}).Failed())
}
