// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import "math/bits"

// The push request of Loki (pkg/push in grafana/loki), the part that a client
// sends. docs/formats/loki-push.md has it field by field.
//
//	PushRequest { repeated Stream streams = 1 }
//	Stream      { string labels = 1; repeated Entry entries = 2 }
//	Entry       { Timestamp timestamp = 1; string line = 2; repeated LabelPair metadata = 3 }
//	Timestamp   { int64 seconds = 1; int32 nanos = 2 }
//	LabelPair   { string name = 1; string value = 2 }
//
// A tag byte is the field number times eight plus the wire type: 0 for a varint,
// 2 for a length and that many bytes.
const (
	tagStream   = 1<<3 | 2
	tagLabels   = 1<<3 | 2
	tagEntry    = 2<<3 | 2
	tagTime     = 1<<3 | 2
	tagLine     = 2<<3 | 2
	tagMetadata = 3<<3 | 2
	tagSeconds  = 1 << 3
	tagNanos    = 2 << 3
	tagName     = 1<<3 | 2
	tagValue    = 2<<3 | 2
)

const nanosPerSecond = 1_000_000_000

// appendEntry appends one entry of a stream. nanos is Unix time in nanoseconds,
// which may be negative; metadata are pairs as appendPair wrote them.
func appendEntry(dst []byte, nanos int64, line string, shared, own []byte) []byte {
	seconds := nanos / nanosPerSecond
	rest := nanos % nanosPerSecond
	if rest < 0 { // Before 1970. The nanoseconds always count forward.
		seconds--
		rest += nanosPerSecond
	}
	timeSize := 0
	if seconds != 0 {
		timeSize += 1 + varintSize(uint64(seconds))
	}
	if rest != 0 {
		timeSize += 1 + varintSize(uint64(rest))
	}
	size := 2 + timeSize + stringSize(len(line)) + len(shared) + len(own)

	dst = append(dst, tagEntry)
	dst = appendVarint(dst, uint64(size))
	dst = append(dst, tagTime, byte(timeSize))
	if seconds != 0 {
		dst = appendVarint(append(dst, tagSeconds), uint64(seconds))
	}
	if rest != 0 {
		dst = appendVarint(append(dst, tagNanos), uint64(rest))
	}
	dst = appendString(dst, tagLine, line)
	dst = append(dst, shared...)
	return append(dst, own...)
}

// appendPair appends one pair of structured metadata.
func appendPair(dst []byte, name, value string) []byte {
	dst = append(dst, tagMetadata)
	dst = appendVarint(dst, uint64(stringSize(len(name))+stringSize(len(value))))
	dst = appendString(dst, tagName, name)
	return appendString(dst, tagValue, value)
}

// appendStream appends one stream: its labels in Loki's text form and its
// entries as appendEntry wrote them.
func appendStream(dst []byte, labels string, entries []byte) []byte {
	dst = append(dst, tagStream)
	dst = appendVarint(dst, uint64(stringSize(len(labels))+len(entries)))
	dst = appendString(dst, tagLabels, labels)
	return append(dst, entries...)
}

// streamSize is what appendStream adds.
func streamSize(labels string, entries int) int {
	n := stringSize(len(labels)) + entries
	return 1 + varintSize(uint64(n)) + n
}

// appendString appends a field of text, or nothing when it is empty, as protobuf
// has it.
func appendString(dst []byte, tag byte, s string) []byte {
	if s == "" {
		return dst
	}
	dst = append(dst, tag)
	dst = appendVarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func stringSize(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + varintSize(uint64(n)) + n
}

func appendVarint(dst []byte, x uint64) []byte {
	for x >= 0x80 {
		dst = append(dst, byte(x)|0x80)
		x >>= 7
	}
	return append(dst, byte(x))
}

func varintSize(x uint64) int {
	return (bits.Len64(x|1) + 6) / 7
}
