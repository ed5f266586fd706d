// SPDX-License-Identifier: Apache-2.0

// Package multiline says which lines of a container's output are one record: a stack
// trace, or whatever begins with a line that a pattern matches. It sees one line after
// the other of one stream, and copies none of them.
//
// What the package promises of the rule `auto`:
//
//   - A trace of Java, Kotlin, Scala, Python, Go, Node.js, .NET, Ruby, PHP or Rust, as
//     their runtimes print it, is one record.
//   - Only what follows the first line of a trace and has the exact form of its next
//     line is joined to it. All other lines stay records of their own: what is only
//     indented, tables, dumps, blank lines.
//   - The records depend on the lines alone, not on when they come.
//   - Of an ordinary line only the first byte is looked at.
//
// Reading order: rule.go (what a reader of lines asks), record.go (what is known of a
// record that goes on), head.go (first lines of traces), then the languages: frame.go
// (Java, .NET and Node.js, whose frames begin with `at`), python.go, golang.go, ruby.go,
// php.go, rust.go; text.go has what they share.
package multiline
