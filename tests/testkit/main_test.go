// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// failureOf runs a helper against a test of its own and returns the message that
// helper failed with, empty when it did not.
func failureOf(t *testing.T, helper func(t testing.TB)) string {
	t.Helper()
	inner := &innerTest{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		helper(inner)
	}()
	<-done
	return inner.message
}

// innerTest is a test whose failure does not fail the test around it.
type innerTest struct {
	testing.TB
	message string
}

func (i *innerTest) Fatalf(format string, args ...any) {
	i.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (i *innerTest) Fatal(args ...any) {
	i.message = fmt.Sprint(args...)
	runtime.Goexit()
}

func (i *innerTest) Errorf(format string, args ...any) {
	i.message = fmt.Sprintf(format, args...)
}
