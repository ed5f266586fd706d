// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const kills = 8

// Nothing is lost, and with each kill at most what was on its way arrives twice.
func TestKilledAtRandom(t *testing.T) {
	r := newRig(t, "identifiers: [app]")
	for range kills {
		r.start()
		for range 3 {
			for range r.random.IntN(300) {
				r.journald.Send("SYSLOG_IDENTIFIER=app", "MESSAGE="+r.line())
				r.journald.Send("SYSLOG_IDENTIFIER=other", "MESSAGE=not wanted")
			}
			r.pass(100 * time.Millisecond)
		}
		r.kill()
		if r.random.IntN(2) == 0 {
			r.journald.Rotate()
		}
		r.journald.Send("SYSLOG_IDENTIFIER=app", "MESSAGE="+r.line())
	}
	r.start()
	twice := r.settle()
	t.Logf("%d entries, %d kills, %d entries twice", len(r.written), r.kills, twice)
	assert.LessOrEqual(t, twice, r.kills*perBatch)
	r.process.Stop(t)
}

// The first entry after a restart is the one that journalctl leaves out with a unit.
func TestKilledAtRandomWithAUnit(t *testing.T) {
	r := newRig(t, "units: [web]")
	r.journald.NeedUnits()
	for range kills {
		r.start()
		for range 3 {
			var lines []string
			for range 1 + r.random.IntN(100) {
				lines = append(lines, r.line())
			}
			r.journald.Print("web", "web.service", lines...)
			r.journald.Print("db", "db.service", "not wanted")
			r.pass(100 * time.Millisecond)
		}
		r.kill()
		r.journald.Print("web", "web.service", r.line())
	}
	r.start()
	twice := r.settle()
	t.Logf("%d entries, %d kills, %d entries twice", len(r.written), r.kills, twice)
	assert.LessOrEqual(t, twice, r.kills*perBatch)
	r.process.Stop(t)
}
