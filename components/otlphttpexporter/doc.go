// SPDX-License-Identifier: Apache-2.0

// Package otlphttpexporter is upstream's exporter `otlp_http`, with what it lacks for logs that must not get lost: it
// waits for and follows the file of the certificates that it trusts, does not take a web page for an answer of the backend, and counts
// what the backend says that it has rejected.
//
// Reading order: factory.go (where it stands around upstream's), answers.go (what an answer says).
package otlphttpexporter
