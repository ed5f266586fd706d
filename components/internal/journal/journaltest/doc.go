// SPDX-License-Identifier: Apache-2.0

// Package journaltest writes journal files for tests, with every combination of
// the format's properties, in the order in which systemd-journald writes. The
// format is described in docs/formats/journal.md. journalctl reads and verifies
// what it writes.
//
//	file := journaltest.Create(t, path, journaltest.Options{Compact: true, Compression: journaltest.Zstd})
//	file.Append(journaltest.Entry{Fields: []journaltest.Field{{"MESSAGE", "hello"}}})
//	file.Archive()
//
// The files: file.go has the header and the space, append.go an entry and its
// parts, table.go the hash tables, array.go the lists of entries, hash.go and
// compress.go what they say, writes.go the single writes, for tests of readers
// that come between them.
package journaltest
