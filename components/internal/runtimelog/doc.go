// SPDX-License-Identifier: Apache-2.0

// Package runtimelog reads the lines that container runtimes write into the log files
// of pods, line by line, without allocating.
//
// There are two forms. The first is that of the Container Runtime Interface, which
// containerd and CRI-O write and the kubelet reads (its package logs,
// k8s.io/cri-client/pkg/logs; the proposal is "CRI: Log management" of Kubernetes):
//
//	2026-11-20T10:00:00.123456789Z stdout F the text
//	time in RFC 3339         stdout or stderr | tags, joined by colons | text
//
// The first tag is P when the next line of the same stream goes on with the text, and
// F when the text ends here. The text is any bytes, also none.
//
// The second is that of the json-file logging driver of Docker (moby,
// daemon/logger/jsonfilelog): one JSON object in each line. The newline at the end of
// the text belongs to the text; where it is missing, the next line goes on.
//
//	{"log":"the text\n","stream":"stdout","attrs":{},"time":"2026-11-20T10:00:00.123456789Z"}
//
// What the package decides where the formats leave it open:
//
//   - A line that does not begin with the form of a time and a known stream, or ends
//     before its tag does, is Unknown. A time that has the form and cannot be, or lies
//     outside of 1970 to 2262, does not make it so: the text is worth more than the time.
//   - A JSON line is of Docker's form when it is one whole object, with nothing behind
//     it, that has text for its log. All else in it may be missing, or be anything.
//   - JSON is understood as encoding/json does it: the last of equal keys counts, and
//     what is no Unicode becomes U+FFFD. Keys are told apart by case. Values that are
//     nested more than 32 deep make a line Unknown.
//   - Nothing is ever left out of an Unknown line.
package runtimelog
