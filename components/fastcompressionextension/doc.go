// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package fastcompressionextension compresses the requests of HTTP exporters at the
// least cost: in the fastest level, with a small window, and with few encoders and
// buffers that are used again. It is an HTTP client middleware of the collector.
//
// Reading order: config.go and factory.go (what the user says), extension.go (where
// the collector takes it), transport.go (one request), encoders.go (the few encoders),
// body.go (a body that knows when nobody reads it any more).
package fastcompressionextension
