// SPDX-License-Identifier: Apache-2.0

// Package bench measures the built binary as a process: size, start, memory, CPU, and side by side what the usual
// pipeline of upstream components costs for the same lines. Nothing here can fail on a slow machine; a record that is
// missing, comes twice or was never written fails.
//
//	make bench                                                     everything, some 40 minutes
//	go test -run '^$' -bench Backlog -benchtime 1x ./tests/bench/  one workload
//
// A run of everything also writes the table to RESULTS.txt in this folder. The backlog of ten files and the steady row are
// measured three times, the pipelines by turns; -count=3 does that with every row. The table holds medians, and where there
// are turns the least and the most, of memory the largest peak.
//
// Both pipelines run in the same binary. "stock" is testdata/stock.yaml: file_log with the container operator, batch,
// otlp_http with gzip; it asks no API server, and runs on all processors, as it does in upstream's binary. "tributary" is
// what we ship: kubernetes.yaml and backends/otlp.yaml (or loki.yaml), with label_keep before the exporter, and an API server that knows every pod.
//
// What is counted is the collector's own CPU time, from exec on, start-up included. The generator, the sink and the API
// server live in the test process. CPU seconds per million records can be compared between machines of one kind, ratios
// between all; wall time only where nothing else runs.
//
// Environment, and its defaults:
//
//	TRIBUTARY_TEST_BINARY     bin/tributary  the binary to measure
//	TRIBUTARY_BENCH_RECORDS   2000000        records of each backlog
//	TRIBUTARY_BENCH_SECONDS   30             how long a steady or idle collector is watched
//	TRIBUTARY_BENCH_ENV       (none)         KEY=VALUE pairs, separated by blanks, for the collector
//	TRIBUTARY_BENCH_PROFILE   (none)         folder for <pipeline>/cpu.pprof and heap.pprof of the backlog, the heap as
//	                                         it is half-way; costs a little, so RESULTS.txt is not written
package bench
