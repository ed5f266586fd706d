// SPDX-License-Identifier: Apache-2.0

// Package loki runs a real Loki for tests, built from source and listening on loopback only. Read server.go (where it comes
// from, and the process), shared.go (one for all tests), push.go and query.go (what a test says to it),
// encode.go (the push protocol, written apart from the exporter so that neither can hide a mistake of the other).
//
// Its own tests are what Loki answers to pushes, right and wrong, and what it stores of them.
package loki
