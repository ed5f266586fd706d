// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEncode(t *testing.T) {
	streams := []Stream{
		{Labels: "{}", Entries: []StreamEntry{{Timestamp: time.Unix(1, 2), Line: "a", Metadata: []Pair{{"k", "v"}, {"", ""}}}}},
		{Labels: "", Entries: []StreamEntry{{Timestamp: time.Unix(-1, 0), Line: ""}}},
	}
	want := "\x0a\x19" + "\x0a\x02{}" + // the first stream: labels,
		"\x12\x13" + "\x0a\x04\x08\x01\x10\x02" + "\x12\x01a" + // an entry: timestamp, line,
		"\x1a\x06\x0a\x01k\x12\x01v" + // a pair
		"\x1a\x00" // and an empty one;
	want += "\x0a\x0f" + "\x12\x0d" + "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" // the second, before 1970.
	assert.Equal(t, want, string(EncodeProtobuf(streams...)))

	plain, err := snappy.Decode(nil, Encode(streams...))
	require.NoError(t, err)
	assert.Equal(t, want, string(plain))
	assert.Empty(t, EncodeProtobuf())
}
