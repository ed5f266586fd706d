// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"math"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// push returns streams that Loki's own code can write.
func (r random) push() push.PushRequest {
	var p push.PushRequest
	for range r.IntN(4) {
		s := push.Stream{Labels: r.text(300)}
		for range one(r, 0, 1, 2, 10, 50) {
			e := push.Entry{Timestamp: time.Unix(0, r.nanos()).UTC(), Line: r.text(70_000)}
			for range one(r, 0, 0, 1, 3, r.IntN(200)) {
				e.StructuredMetadata = append(e.StructuredMetadata, push.LabelAdapter{Name: r.text(300), Value: r.text(300)})
			}
			s.Entries = append(s.Entries, e)
		}
		p.Streams = append(p.Streams, s)
	}
	return p
}

// encodeOwn writes streams with the encoder of this package.
func encodeOwn(t testing.TB, p push.PushRequest) []byte {
	var raw []byte
	for _, s := range p.Streams {
		var entries []byte
		for _, e := range s.Entries {
			var shared, own []byte
			for i, pair := range e.StructuredMetadata {
				if i%2 == 0 && own == nil {
					shared = appendPair(shared, pair.Name, pair.Value)
				} else {
					own = appendPair(own, pair.Name, pair.Value)
				}
			}
			entries = appendEntry(entries, e.Timestamp.UnixNano(), e.Line, shared, own)
		}
		before := len(raw)
		raw = appendStream(raw, s.Labels, entries)
		assert.Equal(t, len(raw)-before, streamSize(s.Labels, len(entries)))
	}
	return raw
}

func TestRequestsAreTheBytesOfLokisOwnCode(t *testing.T) {
	seeds(t, 1000, func(t *testing.T, r random) {
		p := r.push()
		want, err := p.Marshal()
		require.NoError(t, err)
		require.Equal(t, string(want), string(encodeOwn(t, p)))
	})
}

func TestTimesInRequests(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   time.Time
	}{
		{"1970", time.Unix(0, 0)},
		{"the first nanosecond", time.Unix(0, 1)},
		{"the last nanosecond of a second", time.Unix(0, 999_999_999)},
		{"a whole second", time.Unix(1, 0)},
		{"a nanosecond before 1970", time.Unix(0, -1)},
		{"a second before 1970", time.Unix(-1, 0)},
		{"the first that fits", time.Unix(0, math.MinInt64)},
		{"the last that fits", time.Unix(0, math.MaxInt64)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := push.PushRequest{Streams: []push.Stream{{Labels: `{a="b"}`, Entries: []push.Entry{{Timestamp: tt.at.UTC()}}}}}
			want, err := p.Marshal()
			require.NoError(t, err)
			assert.Equal(t, want, encodeOwn(t, p))
		})
	}
}

// FuzzEncode holds the encoder against Loki's own code, and decodes what it wrote.
func FuzzEncode(f *testing.F) {
	f.Add(`{a="b"}`, "line", int64(1), "name", "value", uint8(1))
	f.Add("", "", int64(0), "", "", uint8(0))
	f.Add("\xff", "\x00\xff", int64(-1), "日志", "\uFFFD", uint8(200))
	f.Add("{}", "x", int64(math.MinInt64), "a", "", uint8(3))
	f.Fuzz(func(t *testing.T, labels, line string, nanos int64, name, value string, pairs uint8) {
		e := push.Entry{Timestamp: time.Unix(0, nanos).UTC(), Line: line}
		for range pairs {
			e.StructuredMetadata = append(e.StructuredMetadata, push.LabelAdapter{Name: name, Value: value})
		}
		p := push.PushRequest{Streams: []push.Stream{
			{Labels: labels, Entries: []push.Entry{e}},
			{Labels: line, Entries: []push.Entry{e, e}},
		}}
		want, err := p.Marshal()
		require.NoError(t, err)
		raw := encodeOwn(t, p)
		require.Equal(t, want, raw)
		requireDecoded(t, p, newRequest("", raw, 3, nil))
	})
}

func TestVarints(t *testing.T) {
	for bits := range 64 {
		for _, x := range []uint64{1 << bits, 1<<bits - 1, 1<<bits + 1, math.MaxUint64} {
			assert.Len(t, appendVarint(nil, x), varintSize(x), "%d", x)
		}
	}
}
