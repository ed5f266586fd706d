// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"regexp"
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
	r.endOfKills()
}

func (r *rig) endOfKills() {
	r.t.Helper()
	r.start()
	twice := r.settle()
	r.t.Logf("%d entries, %d kills, %d entries twice", len(r.written), r.kills, twice)
	assert.LessOrEqual(r.t, twice, r.kills*perBatch)
	r.process.Stop(r.t)
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
	// journald does not find out the unit of each process that ends at once.
	r.journald.Sync()
	r.written = nil
	for _, found := range entryOfUnit.FindAllStringSubmatch(r.journald.Export("_SYSTEMD_UNIT=web.service"), -1) {
		r.written = append(r.written, found[1])
	}
	r.endOfKills()
}

var entryOfUnit = regexp.MustCompile(`(?m)^MESSAGE=(entry \d+)$`)
