// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"strings"
	"testing"
	"time"
)

// row is one fault with what has to be true in spite of it.
type row struct {
	// name is short and never changes; about says in a few words what is done.
	name, about string
	// run does it with a new rig, once for each backend.
	run func(r *rig)
	// loki runs the row against Loki too.
	loki bool
	// deep rows run when all are asked for: `make faults`.
	deep bool
}

// rows are the fault tests, by what is broken: the process, the backend, the state on the disk, the rotation of files, the
// content of files, and the operator.
var rows = []row{
	{name: "P1", about: "kill -9 at random moments", run: killedAtRandom},
	{name: "P2", about: "kill -9 while the backend is away", run: killedInOutage},
	{name: "P3", about: "kill -9 again and again while starting", run: killedWhileStarting},
	{name: "P4", about: "SIGTERM while the backend answers", run: terminated},
	{name: "P5a", about: "SIGTERM while the backend answers 503", run: terminatedDuring(trouble{status: 503})},
	{name: "P5b", about: "SIGTERM while the backend does not answer", run: terminatedDuring(trouble{hang: true})},
	{name: "P6", about: "SIGSTOP and SIGCONT while the backend answers 503", run: suspended, deep: true},
	{name: "P7", about: "64 MiB of memory for a backlog", run: littleMemory, deep: true},
	{name: "P8", about: "a component panics", run: panics, deep: true},
	{name: "P9", about: "older and newer versions take turns", run: otherVersions, deep: true},
	{name: "P10", about: "128 descriptors for 2000 files", run: fewDescriptors, deep: true},

	{name: "B1", about: "backend refuses connections while files are compressed and removed", run: outageWithRotation, loki: true},
	{name: "B2", about: "backend is slow", run: slowBackend, loki: true},
	{name: "B3", about: "backend answers 429", run: tooManyRequests, loki: true},
	{name: "B6", about: "backend answers 413 above 64 KiB", run: tooLarge, loki: true},
	{name: "B7", about: "backend answers 500 and 401 and 403 and 404 and 405 and 530", run: refusals, loki: true},

	{name: "D1", about: "disk of the state is full", run: fullStateDisk, deep: true},
	{name: "D2a", about: "state folder is read-only and then emptied", run: lostStateFolder, deep: true},
	{name: "D2b", about: "state folder belongs to somebody else", run: foreignStateFolder, deep: true},
	{name: "D3", about: "damaged positions", run: damagedState},
	{name: "D3b", about: "newest positions are damaged", run: oneSnapshotDamaged, deep: true},
	{name: "D4", about: "power cuts", run: powerCuts, deep: true},
	{name: "D5", about: "disk of a log file fails", run: failingDisk, deep: true},
	{name: "D6", about: "neither room nor inodes for log files", run: fullLogDisk, deep: true},
	{name: "D7", about: "more deleted files than may be copied", run: boundOfCopies, deep: true},

	{name: "R1", about: "fast rotation", run: fastRotation},
	{name: "R2", about: "rotation and removal while the backend answers 503", run: rotationInOutage},
	{name: "R3", about: "restart in every gap of a rotation", run: restartInRotation},
	{name: "R4", about: "copy and truncate", run: copyTruncated},
	{name: "R6", about: "pods removed soon after their last line", run: removedPods},
	{name: "R13", about: "SIGTERM while removed files are not delivered", run: terminatedWithRemovedFiles},

	{name: "C1", about: "a line without an end", run: endlessLine},
	{name: "C2", about: "bytes that are no text", run: notText},
	{name: "C3", about: "blank lines and blanks and half lines", run: blanksAndHalves},
	{name: "C4", about: "cut lines of both streams", run: cutLines},
	{name: "C6", about: "what is no regular file", run: notFiles},

	{name: "O4", about: "two collectors with one state folder", run: twoCollectors},
}

func TestFaults(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name+"_"+strings.ReplaceAll(row.about, " ", "_"), func(t *testing.T) {
			if row.deep && !everyRow {
				t.Skip("a deep row: `make faults`, or TRIBUTARY_FAULTS=all, runs it")
			}
			t.Parallel()
			seed := seedGiven
			if seed == 0 {
				seed = uint64(time.Now().UnixNano()) % 1_000_000
			}
			if !row.loki {
				row.run(newRig(t, seed, newOTLP))
				return
			}
			for name, backend := range map[string]func(testing.TB) backend{"otlp": newOTLP, "loki": newLoki} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					row.run(newRig(t, seed, backend))
				})
			}
		})
	}
}
