// SPDX-License-Identifier: Apache-2.0

// Package faults breaks things while the built binary ships logs, and counts lines. Each fault is a row of a table, each way
// from a source to a backend a column: pod_logs and journald, towards OTLP and Loki, as they are shipped (kubernetes.yaml or
// host.yaml with a backend's file), and two pipelines of upstream's components, whose losses are measured and fail nothing.
// The node is a folder that is written as container runtimes and kubelet write it, or a systemd-journald of the row's own, and
// the backend is a fake one behind a gate that makes trouble on cue.
//
// # What is promised
//
// Every line that is readable for 2 s is delivered: none is lost, merged with another or changed, and each has its time and
// its container. None comes twice, unless the collector was killed: then what was in flight may, at most 32 MiB for each
// kill, and one batch of the journal. It stops within the grace time that kubelet gives, has at most 150 MiB of memory, is at
// most 5 s behind a minute after the fault, and its own metrics account for all that it has read. Lines of a container that
// come out of order are counted, and are no failure; entries of the journal that do are one. Loki keeps exact duplicates once,
// so that a row there says nothing of them.
//
// # Reading a failure
//
// Each row ends with one line of figures, also when all is well (go test -v shows it):
//
//	FAIL TestFaults/P4_... in 8.6s: 12008 lines, 3 lost, 88 twice; 0 kills, ready in 0.3s, 10 requests, 0 of them troubled; exit in 0.3s
//
// Before it stands what is wrong: the container, the sequence numbers, when those lines were written and, for duplicates,
// when they came. Behind it stand what was done to the collector and when, all in UTC, and the command that does the same
// again, with the seed. The seed decides what is written, when a kill comes, and which bit is flipped; how far the collector
// has got by then is up to the machine, so a rare failure may take several runs. The end of the collector's log follows.
//
// A row that says "the row tests nothing" did not get as far as its fault.
//
// # Settings
//
//	TRIBUTARY_FAULTS          "ours" runs every row in each of our columns, "all" in those of the usual pipelines too
//	TRIBUTARY_FAULT_REPORT    the document to write the table of all rows to
//	TRIBUTARY_FAULT_SEED      seed of every row (default: of the clock, another in each run)
//	TRIBUTARY_FAULT_TIMES     multiplies the repetitions in every row (default: 1)
//	TRIBUTARY_FAULT_WAIT      how long a healthy pipeline may take to deliver what is left (default: 60s)
//	TRIBUTARY_FAULT_LINE_MIB  length of the line without an end, in MiB (default: 200)
//	TRIBUTARY_FAULT_ARGS      further arguments of the collector, such as --set=..., separated by blanks
//	TRIBUTARY_TEST_BINARY     another binary
//	TRIBUTARY_OLD_BINARY      an older one, for the row that changes versions (default: built from the history, into the cache)
//
// -parallel is the number of rows that run at once (default: 5).
//
// # The soak
//
// `make soak` (DURATION=24h) prints 50,000 lines a second into 20 containers and draws one fault after the other: kill -9,
// SIGTERM, SIGSTOP, answers of 503 and 429, no answer, refused connections, a slow backend, bursts, silence, pods that come and
// go, a damaged snapshot of the positions. After each, delivery has to be less than 5 s behind within a minute. Every ten
// seconds a line says how it stands: what was written, what has arrived, the collector's own count, its memory, files and CPU.
// The files are rotated so often that outages outlast them, and the collector has to copy what is removed. It is not killed
// while a removed file is neither delivered nor copied: with the process such lines are gone, and at_risk_bytes says so.
//
// An interrupted soak goes on with the next `make soak`, also after kill -9 of the test: what has arrived is in a journal, and
// what was written is read from the log files. What was removed shortly before and had no copy is excused, and counted. The
// first line that does not arrive within minutes ends the soak, and its folder has the log files and the positions. With
// others on the same machine raise TRIBUTARY_FAULT_WAIT.
//
//	TRIBUTARY_SOAK_DURATION  how long it runs, over all sessions; without it there is no soak
//	TRIBUTARY_SOAK_DIR       folder of the soak, some GB (default: tributary/soak in the user's cache folder)
//	TRIBUTARY_SOAK_RATE      lines per second (default: 50000)
//	TRIBUTARY_SOAK_REPORT    file for the table at the end (of `make soak`: docs/soak.md)
//	TRIBUTARY_FAULT_SEED     seed of the faults, for a soak that begins
//
// # Adding a row
//
// It is an entry of rows with a function that takes a rig, and with the columns in which it has a meaning. The function starts
// containers (rig.container, which print by themselves or on demand, into files or into the journal), rotators (rig.rotate),
// sets the gate or a rig.proxy to trouble, starts, stops and kills the collector, and ends with rig.settle, which waits for
// what is missing and judges. Make sure that the fault was met: rig.arrived waits for lines, rig.troubled for requests that
// failed. What is done to the collector is noted with rig.event, figures with rig.note. Give every constant that a long run
// should multiply a factor of times. Then break something by hand and see the row fail.
//
// Reading order: rows_test.go and column_test.go (the table), rig_test.go (what a row works with), mark_test.go,
// oracle_test.go and verdict_test.go (how lines are known and counted), container_test.go, journal_test.go and rotate_test.go
// (the node), gate_test.go, proxy_test.go and backend_test.go (the other side), metrics_test.go (the collector's own count),
// observer_test.go and report_test.go (what becomes of others' losses, and the document), then a file for each group of rows.
// The soak: soak_test.go, soak_faults_test.go, soak_harm_test.go and soak_life_test.go (what is done), soak_flow_test.go and
// soak_line_test.go (what is written), soak_sink_test.go, soak_ledger_test.go and soak_spans_test.go (what arrives),
// soak_state_test.go (how it goes on), soak_usage_test.go and soak_report_test.go (what is told).
package faults
