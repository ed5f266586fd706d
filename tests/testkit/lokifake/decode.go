// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// sentStream is a stream as it was sent.
type sentStream struct {
	labels  string
	entries []Entry
}

// decoded is a request after decoding, or the answer that refuses it.
type decoded struct {
	streams []sentStream
	size    int
	refusal *answer
}

// decode decompresses and decodes a body by its header.
func decode(header http.Header, body body, limit int) decoded {
	streams, size, err := decodeBody(header, body, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return decoded{refusal: &answer{http.StatusRequestEntityTooLarge, "request body too large: " + err.Error()}}
	case err == nil && exceeds(body.size, limit):
		// This is left for JSON, whose size is looked at after decoding.
		err = fmt.Errorf("compressed message size %d exceeds limit %d", body.size, limit)
	}
	if err != nil {
		return decoded{size: size, refusal: &answer{http.StatusBadRequest, err.Error()}}
	}
	return decoded{streams: streams, size: size}
}

// errTooLarge refuses a body over the limit.
var errTooLarge = errors.New("message size too large")

// typeJSON is the media type of a push in JSON; any other means protobuf.
const typeJSON = "application/json"

// decodeBody returns the streams of a body, and its size after decompression as
// soon as that is known.
func decodeBody(header http.Header, body body, limit int) ([]sentStream, int, error) {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return nil, 0, err
	}
	if mediaType != typeJSON && exceeds(body.size, limit) {
		return nil, 0, fmt.Errorf("%w than max (%d vs %d)", errTooLarge, body.size, limit)
	}
	raw, err := inflate(header.Get("Content-Encoding"), body.bytes)
	if err != nil {
		return nil, 0, err
	}
	if mediaType == typeJSON {
		streams, err := decodeJSON(raw)
		return streams, len(raw), err
	}
	// The block format of golang/snappy is what Loki reads: neither the framed
	// format nor the extensions of S2.
	raw, err = snappy.Decode(nil, raw)
	if err != nil {
		return nil, 0, err
	}
	streams, err := decodeProtobuf(raw)
	return streams, len(raw), err
}

// inflate undoes a content encoding, except for snappy, which is part of the
// media type.
func inflate(encoding string, raw []byte) ([]byte, error) {
	switch encoding {
	case "", "snappy":
		return raw, nil
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case "deflate":
		return io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	}
	return nil, fmt.Errorf("Content-Encoding %q not supported", encoding)
}

func decodeProtobuf(raw []byte) ([]sentStream, error) {
	var request push.PushRequest
	if err := request.Unmarshal(raw); err != nil {
		return nil, err
	}
	streams := make([]sentStream, 0, len(request.Streams))
	for _, stream := range request.Streams {
		entries := make([]Entry, 0, len(stream.Entries))
		for _, entry := range stream.Entries {
			var metadata []Pair
			for _, label := range entry.StructuredMetadata {
				metadata = append(metadata, Pair{label.Name, label.Value})
			}
			entries = append(entries, Entry{
				LabelString: stream.Labels,
				Timestamp:   entry.Timestamp.UTC(),
				Line:        entry.Line,
				Metadata:    metadata,
			})
		}
		streams = append(streams, sentStream{stream.Labels, entries})
	}
	return streams, nil
}

// jsonPush is a push in JSON.
type jsonPush struct {
	Streams []struct {
		Stream map[string]string   `json:"stream"`
		Values [][]json.RawMessage `json:"values"`
	} `json:"streams"`
}

func decodeJSON(raw []byte) ([]sentStream, error) {
	var request jsonPush
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	streams := make([]sentStream, 0, len(request.Streams))
	for _, stream := range request.Streams {
		// Loki writes the labels as text and parses them like any other stream's,
		// so that an illegal name is refused in the same way.
		labels := labelsOf(stream.Stream).String()
		entries := make([]Entry, 0, len(stream.Values))
		for _, value := range stream.Values {
			entry, err := decodeValue(value)
			if err != nil {
				return nil, err
			}
			entry.LabelString = labels
			entries = append(entries, entry)
		}
		streams = append(streams, sentStream{labels, entries})
	}
	return streams, nil
}

// decodeValue decodes an entry: nanoseconds as a string, the line, and perhaps an
// object of metadata.
func decodeValue(value []json.RawMessage) (Entry, error) {
	var entry Entry
	var stamp string
	metadata := map[string]string{}
	for i, into := range []any{&stamp, &entry.Line, &metadata} {
		if i >= len(value) {
			break
		}
		if err := json.Unmarshal(value[i], into); err != nil {
			return entry, err
		}
	}
	nanos, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return entry, fmt.Errorf("parse timestamp: %w", err)
	}
	entry.Timestamp = time.Unix(0, nanos).UTC()
	entry.Metadata = labelsOf(metadata)
	return entry, nil
}
