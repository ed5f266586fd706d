// SPDX-License-Identifier: Apache-2.0

// Package configcheck refuses a broken configuration before anything is started, with one message that
// names every broken setting: the file and line, the path of the key, the value as it is written there, and
// what to do. It also finds the setting behind an error that a component reports while it starts.
// A reload that fails goes back to the configuration before.
//
// The Collector resolves its configuration in three steps: providers fetch documents, the resolver merges
// and expands them, converters get the result. The package listens at both ends. A provider is wrapped to
// remember each document, because lines and unexpanded values are gone after the merge. A converter then
// holds the expanded result against the component factories and reports what it finds.
//
// Reading order: checker.go (how it is put into the Collector), provider.go and round.go (what one
// resolution remembers), origin.go (from a key path to file, line and written value), check.go (all checks,
// in order), env.go, conflict.go, decode.go with ignored.go, keys.go and typename.go, validate.go and
// service.go, then explain.go with leaf.go and quiet.go (errors at start). problem.go is the message;
// redact.go and scrub.go keep secrets out of it, discreet.go
// out of the Collector's log.
package configcheck
