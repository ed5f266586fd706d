// SPDX-License-Identifier: Apache-2.0

// Package cores runs the collector on one processor while one is enough.
//
// Go takes all processors of the machine (GOMAXPROCS). A collector on a node is busy for
// some hundredths of one, in bursts of a millisecond: whenever one of its goroutines wakes
// another, Go wakes a second processor for it, which looks for work, finds little, and
// sleeps again, and a garbage collection starts all that are idle. On one processor the
// same work is done one after the other for a fifth less CPU time, and less memory,
// because each processor keeps caches of its own.
//
// One processor ships some 600,000 lines a second. Whoever needs more, as a tier does,
// gets more: Keep doubles the processors while they are busy all the time.
//
// Reading order: cores.go (when), next.go (how many), used*.go.
package cores
