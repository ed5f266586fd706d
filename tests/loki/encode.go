// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"time"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Stream is one stream of a push. Nothing in it is checked, so that a test can send what no client should.
type Stream struct {
	// Labels is the label set as Loki reads it, such as `{app="shop"}`.
	Labels string
	// Entries are sent in this order.
	Entries []StreamEntry
}

// StreamEntry is one line of a push.
type StreamEntry struct {
	Timestamp time.Time
	Line      string
	Metadata  []Pair
}

// Pair is one pair of structured metadata.
type Pair struct{ Name, Value string }

// Encode makes the body of a push of Content-Type application/x-protobuf: a PushRequest, compressed with snappy. Text
// that is no valid UTF-8 is written as it is.
func Encode(streams ...Stream) []byte {
	return snappy.Encode(nil, EncodeProtobuf(streams...))
}

// EncodeProtobuf is Encode without the compression.
func EncodeProtobuf(streams ...Stream) []byte {
	var request []byte
	for _, stream := range streams {
		encoded := appendText(nil, 1, stream.Labels)
		for _, entry := range stream.Entries {
			encoded = appendMessage(encoded, 2, encodeEntry(entry))
		}
		request = appendMessage(request, 1, encoded)
	}
	return request
}

func encodeEntry(entry StreamEntry) []byte {
	stamp := appendNumber(nil, 1, uint64(entry.Timestamp.Unix()))
	stamp = appendNumber(stamp, 2, uint64(entry.Timestamp.Nanosecond()))
	encoded := appendMessage(nil, 1, stamp)
	encoded = appendText(encoded, 2, entry.Line)
	for _, pair := range entry.Metadata {
		encoded = appendMessage(encoded, 3, appendText(appendText(nil, 1, pair.Name), 2, pair.Value))
	}
	return encoded
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

// appendText and appendNumber leave the zero value out, as proto3 does.
func appendText(b []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}

func appendNumber(b []byte, field protowire.Number, number uint64) []byte {
	if number == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), number)
}
