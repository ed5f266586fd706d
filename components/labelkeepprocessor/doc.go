// SPDX-License-Identifier: Apache-2.0

// Package labelkeepprocessor decides which resource attributes identify a stream. Names on the list stay where they
// are and become labels at the backend; all others are dropped, or moved to the records, where they describe a line
// and no longer a stream. It gives the keep-list of a Loki agent to every backend.
//
// Reading order: config.go, factory.go, processor.go (what happens to a batch), routing.go (what is no label and is
// never touched), names.go (when a listed name means an attribute), aliases.go (the short names of Loki agents) and
// verdicts.go (why it is fast).
package labelkeepprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
