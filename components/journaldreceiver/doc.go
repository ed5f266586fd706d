// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package journaldreceiver reads the journals of systemd-journald. The journal is the
// queue: the position moves when the pipeline has delivered what is before it, and never
// earlier.
//
//	internal/journal ──► read.go ──► lot.go ──► internal/delivery ──► mapping ──► pipeline
//	                        │   operators.go ──┘       │
//	           storage ◄── position.go ◄───────────────┘ what is delivered
//
// In this order:
//
//   - config.go says what a user may say, validate.go what is wrong with it;
//   - filter.go, unit.go, priority.go and glob.go choose entries;
//   - receiver.go starts and stops everything, read.go reads;
//   - lot.go is what is sent at once, send.go sends it and keeps what is refused for good;
//   - operators.go runs operators on entries, trail.go knows what they may hold back;
//   - position.go stores how far the journal is delivered;
//   - trouble.go and metrics.go say how it goes.
package journaldreceiver
