// SPDX-License-Identifier: Apache-2.0

// Package testkit holds what the tests of this repository share: a fake OTLP
// backend that fails on cue, container log files written the way kubelet and
// containerd write them together with the list of records a collector owes for
// them, and the built collector as a process.
//
// Everything listens on and connects to the loopback interface only. Helpers
// take the running test, release what they hold in its Cleanup, and end the
// test with a message that says what was seen instead of what was awaited.
//
// A typical end-to-end test writes files, starts the collector, waits, and
// compares:
//
//	backend := testkit.StartBackend(t)
//	want := testkit.Generate(t, root, testkit.GenerateOptions{Seed: 1, Pods: 4, Lines: 1000})
//	collector := testkit.Start(t, testkit.Options{Args: []string{"--config", file}})
//	collector.WaitReady(t, 30*time.Second)
//	got := backend.WaitRecords(t, len(want), time.Minute)
//	require.Empty(t, testkit.Compare(want, got).String())
package testkit
