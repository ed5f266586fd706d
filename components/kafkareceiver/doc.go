// SPDX-License-Identifier: Apache-2.0

// Package kafkareceiver is upstream's receiver `kafka`, with what it lacks where no line may get lost: a message stays
// where it is until the backend has its records, a wrong token or path among the backend's answers stops nothing for
// good, and what the backend refuses is narrowed down to the single record, which goes to a dead-letter file.
//
// Upstream stops a partition until the next rebalance when the pipeline answers with a permanent error, which is what
// exporters make of a wrong token, or steps over the message. It never sees one here.
//
// Reading order: config.go, factory.go (where it stands around upstream's), desk.go (one message, until it is
// delivered), parcel.go (what is sent of it).
package kafkareceiver
