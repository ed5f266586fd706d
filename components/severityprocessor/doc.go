// SPDX-License-Identifier: Apache-2.0

// Package severityprocessor gives log records the severity that their line states. It never guesses: a word
// counts as a level only where programs write levels, so that "0 errors" is no error.
//
// Reading order: config.go and factory.go (what the user says), processor.go (one batch), record.go (one
// record: its fields, its attributes, its body). The parser knows nothing of OpenTelemetry: level.go and
// words.go (what is a level), value.go (the value of a level key), detect.go (one line), then one file per
// family of formats: json.go, logfmt.go, and for text header.go with word.go, name.go, group.go, stamp.go,
// letter.go and special.go.
package severityprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
