// SPDX-License-Identifier: Apache-2.0

// Package zstdencoder compresses logs to frames of Zstandard (RFC 8878), at less CPU than
// a general encoder. Every decoder reads what it writes.
//
// It does one thing: one level, one window, one goroutine, no dictionary, no checksum. What it
// knows of logs is in the matcher: a line is much like one shortly before, but for a few bytes.
//
// Reading order: encoder.go (a frame), history.go (the past that is kept), block.go (its form),
// matcher.go (what is repeated), literals.go (what is not), sequences.go (both as codes), stream.go
// (codes as bits), fse.go (the tables for that).
package zstdencoder
