// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// startJournal starts a journald for a row and returns the folder of its files.
func (r *rig) startJournal() string {
	r.t.Helper()
	var settings []string
	if os.Geteuid() == 0 {
		// It would delete all but a hundred files, read or not.
		settings = []string{"RateLimitIntervalSec=0", "RateLimitBurst=0", "SystemMaxFiles=100000"}
	}
	daemon := testkit.StartJournald(r.t, settings...)
	r.journal = daemon
	return daemon.Dir()
}
