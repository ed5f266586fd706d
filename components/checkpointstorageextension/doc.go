// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package checkpointstorageextension keeps small state, such as the positions of
// log files, so that no crash can lose or mix it. It is a storage extension of the
// collector: whatever takes `storage: file_storage` takes it too.
//
// Reading order: config.go and factory.go (what the user says), extension.go (one
// client for each component), client.go with state.go (the state in memory),
// persist.go (when it is written), slots.go (the two files that take turns),
// snapshot.go (their bytes), disk.go (the steps to the disk), folder.go with
// lock_*.go (one process for each folder), name.go (names of files), trouble.go and
// hint.go (what people are told).
package checkpointstorageextension
