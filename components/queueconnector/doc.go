// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package queueconnector keeps logs on disk between a source that cannot be
// acknowledged and the backend. It is the queue and the retry that exporters have, by
// the same code and with the same settings, in front of a pipeline instead of an
// exporter.
//
// Reading order: config.go and factory.go (what the user says), connector.go (one batch,
// and the shutdown), verdict.go (which errors give data up).
package queueconnector
