// SPDX-License-Identifier: Apache-2.0

// Package integration starts the built binary with the configurations that are shipped, on generated log files, and
// compares what arrives at a fake backend with what was written, record by record and field by field.
package integration
