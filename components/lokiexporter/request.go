// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"
)

// request is one push request of one tenant, ready for the wire. Its bytes do
// not change any more, so that it can be sent as often as it takes. What it
// holds is only read back when Loki refuses some of it.
type request struct {
	tenant string
	// body is the encoded push request as one snappy block.
	body []byte
	// entries and streams count what is in body.
	entries int
	streams []string
	// history is the sender's.
	history
}

// compressed is room for the worst case, which the compressor asks for. What a
// request keeps while it is on its way is only as long as it turned out.
var compressed = sync.Pool{New: func() any { return new([]byte) }}

// newRequest compresses an encoded push request. raw stays the caller's.
func newRequest(tenant string, raw []byte, entries int, streams []string) *request {
	room := compressed.Get().(*[]byte)
	*room = s2.EncodeSnappy(*room, raw)
	body := bytes.Clone(*room)
	compressed.Put(room)
	return &request{tenant: tenant, body: body, entries: entries, streams: streams}
}

// decodedStream and decodedEntry are what a push request says, for the rare case
// that it is taken apart again.
type decodedStream struct {
	labels string
	// entries are the encoded entries, each with its tag and length.
	entries [][]byte
}

type decodedEntry struct {
	nanos    int64
	line     string
	metadata [][2]string
}

// decode takes the request apart.
func (r *request) decode() ([]decodedStream, error) {
	raw, err := s2.Decode(nil, r.body)
	if err != nil {
		return nil, fmt.Errorf("decompress push request: %w", err)
	}
	var streams []decodedStream
	err = fields(raw, func(_ protowire.Number, _, value []byte) error {
		var s decodedStream
		err := fields(value, func(number protowire.Number, whole, value []byte) error {
			if number == tagLabels>>3 {
				s.labels = string(value)
			} else {
				s.entries = append(s.entries, whole)
			}
			return nil
		})
		streams = append(streams, s)
		return err
	})
	return streams, err
}

// decodeEntry reads one of decodedStream.entries.
func decodeEntry(encoded []byte) (decodedEntry, error) {
	var e decodedEntry
	err := fields(encoded, func(_ protowire.Number, _, value []byte) error {
		return fields(value, func(number protowire.Number, _, value []byte) error {
			switch number {
			case tagTime >> 3:
				nanos, err := decodeTime(value)
				e.nanos = nanos
				return err
			case tagLine >> 3:
				e.line = string(value)
				return nil
			}
			e.metadata = append(e.metadata, decodePair(value))
			return nil
		})
	})
	return e, err
}

// entryTime reads the time of an entry, which comes first, from its value.
func entryTime(encoded []byte) (int64, error) {
	_, _, n := protowire.ConsumeField(encoded)
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	return decodeTime(encoded[2:n])
}

// decodePair reads the value that appendPair wrote.
func decodePair(encoded []byte) (pair [2]string) {
	_ = fields(encoded, func(number protowire.Number, _, value []byte) error {
		if number == tagName>>3 {
			pair[0] = string(value)
		} else {
			pair[1] = string(value)
		}
		return nil
	})
	return pair
}

func decodeTime(encoded []byte) (int64, error) {
	var seconds, nanos uint64
	for len(encoded) > 0 {
		number, _, n := protowire.ConsumeTag(encoded)
		if n < 0 {
			return 0, protowire.ParseError(n)
		}
		value, m := protowire.ConsumeVarint(encoded[n:])
		if m < 0 {
			return 0, protowire.ParseError(m)
		}
		if number == tagSeconds>>3 {
			seconds = value
		} else {
			nanos = value
		}
		encoded = encoded[n+m:]
	}
	return int64(seconds)*nanosPerSecond + int64(nanos), nil
}

// fields calls f for each length-delimited field of a message, with the whole
// field and with its value alone.
func fields(message []byte, f func(number protowire.Number, whole, value []byte) error) error {
	for len(message) > 0 {
		number, _, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		value, m := protowire.ConsumeBytes(message[n:])
		if m < 0 {
			return protowire.ParseError(m)
		}
		if err := f(number, message[:n+m], value); err != nil {
			return err
		}
		message = message[n+m:]
	}
	return nil
}

// encodeStreams is the inverse of decode.
func encodeStreams(tenant string, streams []decodedStream) *request {
	var raw, entries []byte
	var names []string
	count := 0
	for _, s := range streams {
		entries = entries[:0]
		for _, e := range s.entries {
			entries = append(entries, e...)
		}
		raw = appendStream(raw, s.labels, entries)
		names = append(names, s.labels)
		count += len(s.entries)
	}
	return newRequest(tenant, raw, count, names)
}

// split cuts the request in two, between two streams where it has several, in the
// order in which their entries must arrive. A request with one entry comes back
// alone.
func (r *request) split() ([]*request, error) {
	if r.entries < 2 {
		return []*request{r}, nil
	}
	streams, err := r.decode()
	if err != nil {
		return nil, err
	}
	var left, right []decodedStream
	if len(streams) > 1 {
		left, right = streams[:len(streams)/2], streams[len(streams)/2:]
	} else {
		s := streams[0]
		left = []decodedStream{{s.labels, s.entries[:len(s.entries)/2]}}
		right = []decodedStream{{s.labels, s.entries[len(s.entries)/2:]}}
	}
	return []*request{encodeStreams(r.tenant, left), encodeStreams(r.tenant, right)}, nil
}
