// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package podlogsreceiver reads the log files of the containers of a Kubernetes node.
// The log files are the queue: a position moves when the pipeline has delivered what
// is before it, and never earlier.
//
//	internal/tail ──► intake.go ──► batch.go ──► internal/delivery ──► logs.go ──► pipeline
//	                                                   │
//	           storage ◄── marks.go ◄──────────────────┘ what is delivered
//
// In this order:
//
//   - receiver.go starts and stops everything; choose.go and self.go say which
//     containers are read;
//   - intake.go takes the lines of one file as internal/tail reads them; join.go puts
//     together what the runtime has split, compound.go the lines that are one record, as
//     internal/multiline says; limits.go says what is above a limit, and tells what was
//     dropped;
//   - batch.go gathers the lines of many files;
//   - logs.go makes log records of a batch, resource.go their resources;
//   - send.go hands them on, by internal/outlet, and keeps what is refused for good;
//   - marks.go stores how far each file is delivered;
//   - trouble.go and metrics.go say how it goes.
package podlogsreceiver
