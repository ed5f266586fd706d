// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// TestAnswers sends one request to a fresh server with the default limits.
func TestAnswers(t *testing.T) {
	good := stream(`{job="a"}`, now("good"))
	for _, tt := range []struct {
		name   string
		push   []push.Stream
		status int
		// want is a part of the text, all of it when it ends in a line break.
		want   string
		stored []string
	}{
		{
			name:   "everything is in order",
			push:   []push.Stream{good, stream(`{job="b"}`, now("x"), now("y"))},
			status: 204, stored: []string{"good", "x", "y"},
		},
		{
			name:   "no streams",
			status: 422, want: "error at least one valid stream is required for ingestion\n",
		},
		{
			name:   "a stream without entries",
			push:   []push.Stream{stream(`{job="a"}`)},
			status: 204,
		},
		{
			name:   "a stream without entries is not looked at",
			push:   []push.Stream{stream(manyLabels(16))},
			status: 204,
		},
		{
			name:   "a stream without labels",
			push:   []push.Stream{stream(`{}`, now("x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "internal labels are like any other",
			push:   []push.Stream{stream(`{__tenant_id__="t", __x="y"}`, now("x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "a dot in a label name costs the whole request",
			push:   []push.Stream{good, stream(`{a.b="c"}`, now("x"))},
			status: 400, want: "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '.'\n",
		},
		{
			name:   "other letters in a label name cost the whole request",
			push:   []push.Stream{good, stream(`{日志="c"}`, now("x"))},
			status: 400, want: "couldn't parse labels: 1:2: parse error: unexpected character inside braces: '日'\n",
		},
		{
			name:   "the character for a wrong encoding in a label value costs the whole request",
			push:   []push.Stream{good, stream("{a=\"\uFFFD\"}", now("x"))},
			status: 400, want: "invalid UTF-8 rune",
		},
		{
			name:   "15 labels and service_name",
			push:   []push.Stream{stream(manyLabels(15), now("x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "16 labels and service_name",
			push:   []push.Stream{good, stream(manyLabels(16), now("x"))},
			status: 400, want: "entry for stream '{l00=\"v\", ", stored: []string{"good"},
		},
		{
			name:   "16 labels of which two have no value, hence 14",
			push:   []push.Stream{stream(manyLabels(14)[:len(manyLabels(14))-1]+`, x="", y=""}`, now("x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "two labels of one name",
			push:   []push.Stream{good, stream(`{a="b", a="c"}`, now("x"))},
			status: 400, want: `stream '{a="b", a="c", service_name="unknown_service"}' has duplicate label name: 'a'` + "\n",
			stored: []string{"good"},
		},
		{
			name:   "a label name of 1024 and a value of 2048 bytes",
			push:   []push.Stream{stream(`{`+strings.Repeat("n", 1024)+`="`+strings.Repeat("v", 2048)+`"}`, now("x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "a label name of 1025 bytes",
			push:   []push.Stream{good, stream(`{`+strings.Repeat("n", 1025)+`="v"}`, now("x"))},
			status: 400, want: `="v", service_name="unknown_service"}' has label name too long: 'nnn`, stored: []string{"good"},
		},
		{
			name:   "a label value of 2049 bytes",
			push:   []push.Stream{good, stream(`{n="`+strings.Repeat("v", 2049)+`"}`, now("x"))},
			status: 400, want: `", service_name="unknown_service"}' has label value too long: 'vvv`, stored: []string{"good"},
		},
		{
			name:   "a line of 262144 bytes",
			push:   []push.Stream{stream(`{job="a"}`, now(strings.Repeat("x", 262144)))},
			status: 204, stored: []string{strings.Repeat("x", 262144)},
		},
		{
			name:   "a line of 262145 bytes beside a good one",
			push:   []push.Stream{stream(`{job="a"}`, now(strings.Repeat("x", 262145)), now("good"))},
			status: 400, want: `max entry size '262144' bytes exceeded for stream '{job="a", service_name="a"}' while adding an entry with length '262145' bytes` + "\n",
			stored: []string{"good"},
		},
		{
			name:   "128 pairs of metadata",
			push:   []push.Stream{stream(`{job="a"}`, now("x", manyPairs(128)...))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "129 pairs of metadata beside a good entry",
			push:   []push.Stream{stream(`{job="a"}`, now("x", manyPairs(129)...), now("good"))},
			status: 400, want: `stream '{job="a", service_name="a"}' has too many structured metadata labels: '129', limit: '128'. Please see ` +
				"`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it\n",
			stored: []string{"good"},
		},
		{
			name:   "65536 bytes of metadata",
			push:   []push.Stream{stream(`{job="a"}`, now("x", "m", strings.Repeat("v", 65535)))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "65537 bytes of metadata beside a good entry",
			push:   []push.Stream{stream(`{job="a"}`, now("x", "m", strings.Repeat("v", 65536)), now("good"))},
			status: 400, want: `stream '{job="a", service_name="a"}' has structured metadata too large: '65537' bytes, limit: '65536' bytes. Please see ` +
				"`limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it\n",
			stored: []string{"good"},
		},
		{
			name:   "a metadata name of which nothing remains costs the whole request",
			push:   []push.Stream{good, stream(`{job="b"}`, now("x", "日志", "v"), now("y"))},
			status: 500, want: `normalization for label name "日志" resulted in invalid name "_"` + "\n",
		},
		{
			name:   "so does a metadata name of one dash",
			push:   []push.Stream{good, stream(`{job="b"}`, now("x", "-", "v"))},
			status: 500, want: `normalization for label name "-" resulted in invalid name "_"` + "\n",
		},
		{
			name:   "so does an empty metadata name",
			push:   []push.Stream{good, stream(`{job="b"}`, now("x", "", "v"))},
			status: 500, want: "label name is empty\n",
		},
		{
			name:   "a name of which nothing remains does no harm in an entry that is refused already",
			push:   []push.Stream{stream(`{job="a"}`, at(-8*24*time.Hour, "old", "日志", "v"), now("good")), stream(manyLabels(16), now("x", "-", "v"))},
			status: 400, want: "1 errors like: ", stored: []string{"good"},
		},
		{
			name:   "8 days old beside a good entry",
			push:   []push.Stream{stream(`{job="a"}`, at(-8*24*time.Hour, "old"), now("good"))},
			status: 400, want: `entry for stream '{job="a", service_name="a"}' has timestamp too old: 2026-01-07T12:00:00Z, oldest acceptable timestamp is: ` +
				noon.Add(-7*24*time.Hour).Format(time.RFC3339) + "\n",
			stored: []string{"good"},
		},
		{
			name: "times beyond the range of nanoseconds wrap around",
			push: []push.Stream{stream(`{job="a"}`,
				push.Entry{Timestamp: time.Date(2554, 1, 1, 0, 0, 0, 0, time.UTC)},
				push.Entry{Timestamp: time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC)})},
			status: 400, want: `1 errors like: entry for stream '{job="a", service_name="a"}' has timestamp too old: 2554-01-01T00:00:00Z, ` +
				`oldest acceptable timestamp is: 2026-01-08T12:00:00Z; ` +
				`1 errors like: entry for stream '{job="a", service_name="a"}' has timestamp too new: 1677-01-01T00:00:00Z` + "\n",
		},
		{
			name:   "10 minutes ahead",
			push:   []push.Stream{stream(`{job="a"}`, at(10*time.Minute, "x"))},
			status: 204, stored: []string{"x"},
		},
		{
			name:   "11 minutes ahead beside a good entry",
			push:   []push.Stream{stream(`{job="a"}`, at(11*time.Minute, "ahead"), now("good"))},
			status: 400, want: `entry for stream '{job="a", service_name="a"}' has timestamp too new: 2026-01-15T12:11:00Z` + "\n",
			stored: []string{"good"},
		},
		{
			name:   "one reason twice and another once",
			push:   []push.Stream{stream(`{job="a"}`, at(11*time.Minute, "x"), at(11*time.Minute, "y"), at(12*time.Minute, "z"), now("good"))},
			status: 400, want: `2 errors like: entry for stream '{job="a", service_name="a"}' has timestamp too new: 2026-01-15T12:11:00Z; ` +
				`1 errors like: entry for stream '{job="a", service_name="a"}' has timestamp too new: 2026-01-15T12:12:00Z` + "\n",
			stored: []string{"good"},
		},
		{
			name:   "59 minutes behind the newest of the stream",
			push:   []push.Stream{stream(`{job="a"}`, now("new"), at(-59*time.Minute, "behind"))},
			status: 204, stored: []string{"new", "behind"},
		},
		{
			name:   "61 minutes behind the newest of the stream",
			push:   []push.Stream{stream(`{job="a"}`, now("new"), at(-61*time.Minute, "behind"))},
			status: 400, want: "entry with timestamp 2026-01-15 10:59:00 +0000 UTC ignored, reason: 'entry too far behind, " +
				"entry timestamp is: 2026-01-15T10:59:00Z, oldest acceptable timestamp is: 2026-01-15T11:00:00Z',\n" +
				`user 'fake', total ignored: 1 out of 2 for stream: {job="a", service_name="a"}` + "\n",
			stored: []string{"new"},
		},
		{
			name:   "the newest entry counts, not the last one",
			push:   []push.Stream{stream(`{job="a"}`, now("new"), at(-50*time.Minute, "older"), at(-70*time.Minute, "behind"))},
			status: 400, want: "total ignored: 1 out of 3 for stream", stored: []string{"new", "older"},
		},
		{
			name:   "61 minutes behind the newest of another stream",
			push:   []push.Stream{good, stream(`{job="b"}`, at(-61*time.Minute, "behind"))},
			status: 204, stored: []string{"good", "behind"},
		},
		{
			name:   "too far behind in a stream that is not the last one goes untold",
			push:   []push.Stream{stream(`{job="b"}`, now("new"), at(-61*time.Minute, "behind")), good},
			status: 204, stored: []string{"new", "good"},
		},
		{
			name:   "too far behind hides the other reasons",
			push:   []push.Stream{stream(`{job="a"}`, at(11*time.Minute, "ahead"), now("new"), at(-61*time.Minute, "behind"))},
			status: 400, want: `user 'fake', total ignored: 1 out of 2 for stream: {job="a", service_name="a"}`, stored: []string{"new"},
		},
		{
			name:   "entries of a stream in order of time may span hours",
			push:   []push.Stream{stream(`{job="a"}`, at(-5*time.Hour, "1"), at(-3*time.Hour, "2"), now("3"))},
			status: 204, stored: []string{"1", "2", "3"},
		},
		{
			name:   "a stream twice with its labels in another order",
			push:   []push.Stream{stream(`{a="1", b="2"}`, now("x")), stream(`{b="2", a="1"}`, now("x"), now("y"))},
			status: 204, stored: []string{"x", "y"},
		},
		{
			name:   "entries of one time are told apart by their lines and metadata",
			push:   []push.Stream{stream(`{job="a"}`, now("a"), now("b"), now("a"), now("a", "m", "1"), now("a", "m", "1"))},
			status: 204, stored: []string{"a", "b", "a"},
		},
		{
			name:   "8 MB, more than the burst of a tenant",
			push:   []push.Stream{stream(`{job="a"}`, large(8<<20)...)},
			status: 429, want: "ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '32' lines " +
				"totaling '8388608' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased\n",
		},
		{
			name:   "5 MB, more than what Loki can hand on",
			push:   []push.Stream{stream(`{job="a"}`, large(5<<20)...)},
			status: 500, want: "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (",
		},
		{
			name:   "3.9 MB",
			push:   []push.Stream{stream(`{job="a"}`, large(4089446)...)},
			status: 204, stored: linesIn(large(4089446)),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, lokifake.Options{})
			status, text := newSender(t, server).push(tt.push...)
			assert.Equal(t, tt.status, status)
			if strings.HasSuffix(tt.want, "\n") || tt.want == "" {
				assert.Equal(t, tt.want, text)
			}
			assert.Contains(t, text, tt.want)
			assert.Equal(t, append([]string{}, tt.stored...), linesOf(server.Entries("")))
		})
	}
}

// large is entries of different lines that are size bytes together.
func large(size int) []push.Entry {
	const longest = 256 << 10
	var entries []push.Entry
	for i := 0; size > 0; i++ {
		n := min(size, longest)
		entries = append(entries, at(time.Duration(i), strings.Repeat("x", n)))
		size -= n
	}
	return entries
}

func linesIn(entries []push.Entry) []string {
	var lines []string
	for _, entry := range entries {
		lines = append(lines, entry.Line)
	}
	return lines
}

func TestDetectedLevelsCountTowardsWhatLokiHandsOn(t *testing.T) {
	var entries []push.Entry
	for i := range 100_000 {
		entries = append(entries, at(time.Duration(i), "short"))
	}
	sent := stream(`{job="a"}`, entries...)
	require.Less(t, (&push.PushRequest{Streams: []push.Stream{sent}}).Size(), 3<<20, "the request itself is far below the limit")
	status, text := newSender(t, start(t, lokifake.Options{})).push(sent)
	assert.Equal(t, 500, status)
	assert.Contains(t, text, "received message larger than max")
}

func TestSendingAgainStoresNothingNew(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	for range 3 {
		status, _ := client.push(stream(`{job="a"}`, now("x"), now("y"), at(1, "x")))
		require.Equal(t, 204, status)
	}
	assert.Equal(t, []string{"x", "y", "x"}, linesOf(server.Entries("")))
}

func TestBlockedTenant(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	sent := stream(`{job="a"}`, now("x"))

	server.Block(lokifake.SingleTenant, noon.Add(time.Hour), 260)
	status, text := client.push(sent)
	assert.Equal(t, 260, status)
	assert.Equal(t, "ingestion blocked for user 'fake' until '2026-01-15T13:00:00Z' with status code '260'\n", text)

	status, _ = client.push(sent, stream(`{job="a"}`, at(time.Hour, "ahead")))
	assert.Equal(t, 260, status, "entries of a blocked tenant are not looked at")

	status, _ = client.push(sent, stream(manyLabels(16), now("x")))
	assert.Equal(t, 400, status, "a stream that is refused for another reason decides the answer")

	server.Block(lokifake.SingleTenant, noon.Add(time.Hour), 200)
	status, _ = client.push(sent)
	assert.Equal(t, 204, status, "dropped without a word")
	assert.Empty(t, server.Entries(""))

	server.Block(lokifake.SingleTenant, time.Time{}, 0)
	status, _ = client.push(sent)
	assert.Equal(t, 204, status)
	assert.Equal(t, []string{"x"}, linesOf(server.Entries("")))
}
