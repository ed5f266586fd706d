// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	// flood is below what journald takes of one service without a limit.
	flood = 8000
	// perFile is after how many entries the file is rotated, and behind how many the
	// collector may be, so that nothing that it has not read is deleted.
	perFile, behind = 500, 300
)

// Files are rotated and deleted under the reader, and each entry arrives once, in order.
func TestAFloodWithRotationAndVacuum(t *testing.T) {
	r := newRig(t, "identifiers: [flood]")
	r.start()
	for len(r.written) < flood {
		r.journald.Send("SYSLOG_IDENTIFIER=flood", "MESSAGE="+r.line())
		if len(r.written)%perFile == 0 {
			r.journald.Rotate()
			r.journald.Vacuum(2)
		}
		if len(r.written)%behind == 0 {
			testkit.Eventually(t, testkit.DeliverTimeout, "the collector to follow", func() bool {
				return r.backend.Count() >= len(r.written)-behind
			})
		}
	}
	assert.Zero(t, r.settle(), "entries that arrived twice")
	r.process.Stop(t)
}
