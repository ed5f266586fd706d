// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"slices"
	"strconv"
	"testing"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireDecoded takes a request apart and compares it with what it was made of.
func requireDecoded(t testing.TB, want push.PushRequest, r *request) {
	t.Helper()
	streams, err := r.decode()
	require.NoError(t, err)
	require.Len(t, streams, len(want.Streams))
	for i, s := range want.Streams {
		require.Equal(t, s.Labels, streams[i].labels)
		require.Len(t, streams[i].entries, len(s.Entries))
		for j, e := range s.Entries {
			got, err := decodeEntry(streams[i].entries[j])
			require.NoError(t, err)
			require.Equal(t, e.Timestamp.UnixNano(), got.nanos)
			require.Equal(t, e.Line, got.line)
			require.Len(t, got.metadata, len(e.StructuredMetadata))
			for k, pair := range e.StructuredMetadata {
				require.Equal(t, [2]string{pair.Name, pair.Value}, got.metadata[k])
			}
		}
	}
}

// requestOf makes a request of streams as Loki's code knows them.
func requestOf(t testing.TB, p push.PushRequest) *request {
	t.Helper()
	entries := 0
	var names []string
	for _, s := range p.Streams {
		entries += len(s.Entries)
		names = append(names, s.Labels)
	}
	return newRequest("tenant", encodeOwn(t, p), entries, names)
}

func TestRequestGivesBackWhatWentIn(t *testing.T) {
	seeds(t, 300, func(t *testing.T, r random) {
		p := r.push()
		requireDecoded(t, p, requestOf(t, p))
	})
}

func TestRequestIsASnappyBlock(t *testing.T) {
	seeds(t, 100, func(t *testing.T, r random) {
		p := r.push()
		raw, err := snappy.Decode(nil, requestOf(t, p).body)
		require.NoError(t, err)
		var got push.PushRequest
		require.NoError(t, got.Unmarshal(raw))
		require.Len(t, got.Streams, len(p.Streams))
	})
}

func TestRequestKeepsNoMoreRoomThanItNeeds(t *testing.T) {
	r := newRequest("", make([]byte, 1<<20), 1, nil)
	assert.Less(t, cap(r.body), 100_000)
}

func TestRequestsDoNotShareTheirBytes(t *testing.T) {
	first := newRequest("", []byte("first first first first"), 1, nil)
	before := string(first.body)
	newRequest("", []byte("other other other other"), 1, nil)
	assert.Equal(t, before, string(first.body))
}

// pieces splits a request until nothing can be split any more.
func pieces(t *testing.T, r *request) []*request {
	t.Helper()
	parts, err := r.split()
	require.NoError(t, err)
	if len(parts) == 1 {
		return parts
	}
	var all []*request
	for _, p := range parts {
		assert.Less(t, p.entries, r.entries, "each piece is smaller")
		assert.Equal(t, r.tenant, p.tenant)
		all = append(all, pieces(t, p)...)
	}
	return all
}

// perStream lists the entries of requests by stream, in their order.
func perStream(t testing.TB, requests ...*request) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, r := range requests {
		streams, err := r.decode()
		require.NoError(t, err)
		n := 0
		for i, s := range streams {
			require.Equal(t, r.streams[i], s.labels)
			for _, e := range s.entries {
				all[s.labels] = append(all[s.labels], string(e))
			}
			n += len(s.entries)
		}
		require.Equal(t, r.entries, n, "the count is that of the entries")
	}
	return all
}

func TestSplittingLosesNothingAndKeepsTheOrder(t *testing.T) {
	seeds(t, 200, func(t *testing.T, r random) {
		// As the exporter makes them: each stream once, and none without entries.
		p := r.push()
		p.Streams = slices.DeleteFunc(p.Streams, func(s push.Stream) bool { return len(s.Entries) == 0 })
		for i := range p.Streams {
			p.Streams[i].Labels += strconv.Itoa(i)
		}
		whole := requestOf(t, p)
		parts := pieces(t, whole)
		assert.Equal(t, perStream(t, whole), perStream(t, parts...))
		for _, p := range parts {
			assert.LessOrEqual(t, p.entries, 1)
		}
	})
}

func TestBrokenRequestsAreErrors(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"a tag that never ends", "\xff\xff", "EOF"},
		{"a field that is longer than the rest", "\x0a\x05ab", "EOF"},
		{"a stream with half an entry", "\x0a\x03\x12\x05a", "EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest("", []byte(tt.raw), 2, nil)
			_, err := r.decode()
			require.ErrorContains(t, err, tt.want)
			_, err = r.split()
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := (&request{body: []byte("no snappy block"), entries: 2}).decode()
	require.ErrorContains(t, err, "decompress push request: ")
	_, err = decodeEntry([]byte("\x12\x04\x0a\x02\x08\xff"))
	require.Error(t, err, "a time that never ends")
	_, err = entryTime([]byte("\x0a"))
	require.Error(t, err, "no time")
}
