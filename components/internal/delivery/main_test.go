// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// requireBalance checks what holds at every moment.
func requireBalance[P any](tb testing.TB, w *Window[P]) {
	tb.Helper()
	s := w.Stats()
	settled := s.Delivered
	for _, c := range []Count{s.DeadLettered, s.Dropped, s.InFlight} {
		settled.add(c)
	}
	if s.Added != settled {
		tb.Fatalf("added %+v, but delivered, dead-lettered, dropped and in flight are %+v: %+v", s.Added, settled, s)
	}
	if s.InFlight.Bytes < 0 || s.InFlight.Records < 0 || s.Charged < s.InFlight.Bytes {
		tb.Fatalf("in flight does not fit in what is reserved: %+v", s)
	}
}
