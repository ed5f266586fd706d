// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"strings"
	"testing"
)

// row is one fault with what has to be true in spite of it.
type row struct {
	// name is short and never changes; about says in a few words what is done.
	name, about string
	// run does it with a new rig, once for each column.
	run func(r *rig)
	// in are the columns in which the row has a meaning, quick those of them that run in every `make test`.
	in, quick columns
}

// everywhere are the columns of rows that need no files and no settings of ours.
const everywhere = ours | upstream

// files are those of rows about log files.
const files = podLogs | upstream

// rows are the fault tests, by what is broken: the process, the backend, the state on the disk, the rotation of files, the
// content of files, a container that is in the others' way, and the operator.
var rows = []row{
	{"P1", "kill -9 at random moments", killedAtRandom, everywhere, podsToOTLP | journalToOTLP},
	{"P2", "kill -9 while the backend is away", killedInOutage, everywhere, podsToOTLP},
	{"P3", "kill -9 again and again while starting", killedWhileStarting, everywhere, podsToOTLP},
	{"P4", "SIGTERM while the backend answers", terminated, everywhere, podsToOTLP},
	{"P5a", "SIGTERM while the backend answers 503", terminatedDuring(trouble{status: 503}), everywhere, podsToOTLP},
	{"P5b", "SIGTERM while the backend does not answer", terminatedDuring(trouble{hang: true}), everywhere, podsToOTLP | journalToLoki},
	{"P6", "SIGSTOP and SIGCONT while the backend answers 503", suspended, everywhere, 0},
	{"P7", "64 MiB of memory for a backlog", littleMemory, podsToOTLP, 0},
	{"P8", "a component panics", panics, ours, 0},
	{"P9", "older and newer versions take turns", otherVersions, podsToOTLP, 0},
	{"P10", "128 descriptors for 2000 files", fewDescriptors, podsToOTLP | upstream, 0},

	{"B1", "backend refuses connections while files are compressed and removed", outageWithRotation, everywhere, podLogs},
	{"B1b", "files removed that are not copied aside", bytesAtRisk, podsToOTLP, 0},
	{"B2", "backend is slow", slowBackend, everywhere, podLogs},
	{"B3", "backend answers 429", tooManyRequests, everywhere, podLogs},
	{"B4", "Loki answers 429 for one stream", oneStreamLimited, podsToLoki, 0},
	{"B5a", "backend refuses single lines", refusedLines, podsToOTLP | journalToOTLP, 0},
	{"B5b", "Loki refuses single lines and whole streams", refusedStreams, podsToLoki, 0},
	{"B6", "backend answers 413 above 64 KiB", tooLarge, everywhere, podLogs},
	{"B7", "backend answers 500 and 401 and 403 and 404 and 405 and 530", refusals, everywhere, podLogs},
	{"B8a", "answers of 200 that say something else", oddAnswers, podLogs, 0},
	{"B8b", "backend answers with bombs", hostileAnswers, podLogs, 0},
	{"B9", "connections are half open", halfOpen, everywhere, 0},
	{"B10", "connections are reset in place of the answer", resetAfterStoring, everywhere, podLogs},
	{"B11", "certificates that are not to be trusted and authorities that change", certificates, ours, 0},
	{"B12", "names that are not found or slow or move", names, podLogs, 0},
	{"B13", "connections are reset each 2 s", flappingConnections, ours, 0},
	{"B14", "a backlog for a Loki that refuses what is an hour behind", oldBacklog, podsToLoki, 0},
	{"B15", "one of two backends is away", oneOfTwoDown, podsToOTLP, 0},

	{"D1", "disk of the state is full", fullStateDisk, podsToOTLP, 0},
	{"D2a", "state folder is read-only and then emptied", lostStateFolder, podsToOTLP, 0},
	{"D2b", "state folder belongs to somebody else", foreignStateFolder, podsToOTLP, 0},
	{"D3", "damaged positions", damagedState, everywhere, podsToOTLP},
	{"D3b", "newest positions are damaged", oneSnapshotDamaged, ours, 0},
	{"D4", "power cuts", powerCuts, podLogs, 0},
	{"D5", "disk of a log file fails", failingDisk, podsToOTLP, 0},
	{"D5b", "slow disks for positions and for a backlog", slowDisk, podsToOTLP, 0},
	{"D6", "neither room nor inodes for log files", fullLogDisk, podsToOTLP | upstream, 0},
	{"D7", "more deleted files than may be copied", boundOfCopies, podsToOTLP, 0},

	{"R1", "fast rotation", fastRotation, everywhere, podsToOTLP},
	{"R2", "rotation and removal while the backend answers 503", rotationInOutage, everywhere, podsToOTLP},
	{"R3", "restart in every gap of a rotation", restartInRotation, files, podsToOTLP},
	{"R4", "copy and truncate", copyTruncated, files, podsToOTLP},
	{"R5a", "files written anew in place", rewrittenFiles, podLogs, 0},
	{"R5b", "files of which the end is cut off", cutFiles, podLogs, 0},
	{"R6", "pods removed soon after their last line", removedPods, files, podsToOTLP},
	{"R7", "inodes that are used again", reusedInodes, files, 0},
	{"R8", "files that begin alike", likeFiles, files, 0},
	{"R9a", "ten thousand idle files", idleFiles, podsToOTLP, 0},
	{"R9b", "a thousand files that rotate", rotatingFiles, files, 0},
	{"R10", "pods that come and go", churn, files, 0},
	{"R11a", "no more watches", noWatches("max_inotify_watches", 64), podsToOTLP, 0},
	{"R11b", "no watcher at all", noWatches("max_inotify_instances", 0), podsToOTLP, 0},
	{"R11c", "more changes than the kernel reports", watchOverflow, podsToOTLP, 0},
	{"R12", "files that cannot be read for a while", unreadableFiles, podsToOTLP, 0},
	{"R13", "SIGTERM while removed files are not delivered", terminatedWithRemovedFiles, files, podsToOTLP},

	{"C1", "a line without an end", endlessLine, podsToOTLP | upstream, podsToOTLP},
	{"C2", "bytes that are no text", notText, files, podLogs},
	{"C3", "blank lines and blanks and half lines", blanksAndHalves, files, podsToOTLP},
	{"C4", "cut lines of both streams", cutLines, files, podsToOTLP},
	{"C5", "times that cannot be", oddTimes, podsToOTLP, 0},
	{"C5b", "a clock that jumps by hours and years", jumpingClock, podsToOTLP | journalToOTLP, 0},
	{"C6", "what is no regular file", notFiles, files, podsToOTLP},
	{"C7", "hostile names", hostileNames, files, 0},

	{"K1a", "an API server that was never there", unknownAtStart, podsToOTLP, 0},
	{"K1b", "kill -9 and SIGTERM while the API server is away", knownBefore, podsToOTLP, podsToOTLP},
	{"K2", "an API server that answers 401 and 403 and 429 and 500 and halves and late", apiInTrouble, podsToOTLP, 0},
	{"K3", "watches that are dropped or compacted or silent", brokenWatches, podsToOTLP, 0},
	{"K4", "a large cluster", largeCluster, podsToOTLP, 0},
	{"K5", "pods that have the names of others", sameNames, podsToOTLP, podsToOTLP},

	{"F1", "a pod prints a hundred times as much as others", noisyPod, podLogs, 0},
	{"F2", "the same above a limit that pauses", noisyPodPaused, podLogs, 0},
	{"F3", "the same above a limit of the namespace that drops", noisyPodDropped, podLogs, podsToOTLP},

	{"O2", "ports in use", portsInUse, podsToOTLP, 0},
	{"O3a", "SIGHUP with a broken configuration", brokenReload, podsToOTLP, 0},
	{"O3b", "SIGHUP with other attributes again and again", reloadedAgainAndAgain, podsToOTLP, 0},
	{"O4", "two collectors with one state folder", twoCollectors, ours, podsToOTLP},
	{"O5", "secrets of every kind and a backend that echoes them", noSecretGetsOut, podsToOTLP, 0},
	{"O6", "another user without rights on a root that cannot be written", confined, podsToOTLP, 0},
}

func TestFaults(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name+"_"+strings.ReplaceAll(row.about, " ", "_"), func(t *testing.T) {
			t.Parallel()
			runs := row.in & (row.quick | wanted)
			if runs == 0 {
				t.Skip("`make faults` runs this row")
			}
			for _, column := range allColumns {
				if runs.has(column) {
					t.Run(column.name, func(t *testing.T) {
						t.Parallel()
						row.try(t, column)
					})
				}
			}
		})
	}
}

// try runs the row in one column.
func (row row) try(t *testing.T, column column) {
	if upstream.has(column) {
		observe(t, func(t testing.TB) { row.run(newRig(t, row, column)) })
		return
	}
	row.run(newRig(t, row, column))
}
