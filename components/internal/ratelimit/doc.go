// SPDX-License-Identifier: Apache-2.0

// Package ratelimit bounds how many lines and bytes of a container are taken in a second.
//
//	container ──► Account ──► Bucket of its pod ──► Bucket of its namespace ──► taken
//
// A line has to pass both buckets. What is above a limit waits where it is (Pause), or is
// given up (Drop), as the limit says.
//
// What the package promises:
//
//   - In any time, no more is taken than what the burst and the rate allow in it, and one
//     grant or line more: a bucket may be overdrawn, and then nothing is taken until that is
//     paid back. So a line that is longer than the burst passes, too.
//   - Those that wait for one bucket get the same share of it, whoever asks first.
//   - A bucket is there as long as one of its containers is.
//
// Nothing here looks at a clock, or needs a lock: all of it belongs to one goroutine, which
// says what time it is.
//
// Reading order: bucket.go (what is left of a rate), queue.go (who may take it), account.go
// (the limits of one container), limits.go (the limits of all of them).
package ratelimit
