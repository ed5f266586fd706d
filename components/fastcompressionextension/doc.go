// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package fastcompressionextension compresses the requests of HTTP exporters at the
// least cost: with few encoders that are made for that, and buffers that are used again. It
// is an HTTP client middleware of the collector.
//
// Reading order: config.go and factory.go (what the user says), extension.go (where
// the collector takes it), transport.go (one request), encoders.go (the few encoders),
// body.go (a body that knows when nobody reads it any more). The encoder of zstd is a package
// of its own, internal/zstdencoder.
package fastcompressionextension
