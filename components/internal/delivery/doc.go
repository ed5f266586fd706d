// SPDX-License-Identifier: Apache-2.0

// Package delivery moves the position of a source behind what has arrived, and never
// further. It stands between whoever reads an ordered source, such as a log file
// (positions are byte offsets) or a journal (positions are cursors), and whatever
// takes the records, and holds what is on the way: the in-flight window.
//
//	reader ── Acquire ──► Batch.Add ──► Sender.Deliver ──► Send, until it succeeds
//	                                                         │
//	checkpoint ◄── Position ◄── low watermark per Source ◄───┘
//
// A reader acquires bytes of the budget, reads, adds what it has read to a batch as
// spans, and delivers the batch. Batches go side by side and arrive in any order.
// The position of a source is the end of what has arrived without a gap. It is
// always behind the truth: who starts again at a position that was seen earlier, at
// any earlier time, sends something twice and misses nothing.
//
// What the package promises:
//
//   - Position never passes a byte that is neither delivered, nor kept by the
//     dead-letter sink, nor skipped by the reader.
//   - What lies between the positions and the readers, which is what a crash sends
//     twice, is bounded by the budget, as is the memory that it takes. Without a
//     crash or a Close in between, nothing that was accepted is sent again.
//   - The budget is shared fairly, and no source has all of it.
//   - Trouble is retried for ever. Only what a backend refuses while it accepts
//     other things is given up, to the dead-letter sink.
//   - Close cancels no send, and takes no failure for a success.
//   - What was read is always equal to what was delivered, kept as dead letters,
//     dropped, and in flight.
//
// Nothing here knows what a record is, or reads or writes a file. An idle source
// costs its few words of memory. A span costs no goroutine and, in the long run, no
// allocation.
//
// Reading order: window.go (the books, and what a checkpointer uses), source.go
// (spans and the watermark), budget.go (what a reader waits for), batch.go (spans
// that share a fate), stats.go; then the way out: payload.go (what is sent, and what
// may be said about it), sender.go, stack.go, passage.go (one batch: attempts and
// bisection), evidence.go (when a record may be given up), pause.go, shutdown.go.
package delivery
