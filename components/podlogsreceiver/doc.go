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
//   - receiver.go starts and stops everything, pass.go says when what is sent; choose.go,
//     selection.go and self.go say which containers are read, pods.go what is known of
//     their pods;
//   - intake.go takes the lines of one file as internal/tail reads them; join.go puts
//     together what the runtime has split; limits.go says what is above a limit, and tells
//     what was dropped; whole.go decides what becomes of a complete line, and compound.go
//     has the records of several lines; books.go has what is handed to
//     the batch, and how far a file is read;
//   - batch.go gathers the lines of many files;
//   - logs.go makes log records of a batch, resource.go their resources, parse.go attributes
//     of the lines;
//   - send.go hands them on, by internal/outlet, and keeps what is refused for good;
//   - marks.go stores how far each file is delivered;
//   - trouble.go and metrics.go say how it goes.
package podlogsreceiver
