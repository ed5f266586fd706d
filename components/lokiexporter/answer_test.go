// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The texts are Loki 3.7.8's, as measured. All end with a line break.
const (
	rateText = "ingestion rate limit exceeded for user rate (limit: 1048 bytes/sec) while attempting to ingest '3' lines totaling " +
		"'4500' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased\n"
	streamLimitText = `maximum active stream limit exceeded when trying to create stream {a="2", service_name="unknown_service", test="x"}, ` +
		"reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see " +
		"if the limit can be increased, user: 'streams'\n"
	blockedText = "ingestion blocked for user 'blocked' until '2100-01-01T00:00:00Z' with status code '260'\n"
	behindText  = "entry with timestamp 2026-11-23 13:53:17.784408203 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp " +
		"is: 2026-11-23T13:53:17Z, oldest acceptable timestamp is: 2026-11-23T13:54:17Z',\n" +
		`user 'fake', total ignored: 1 out of 2 for stream: {service_name="unknown_service", test="t18"}` + "\n"
	streamRateEntry = "entry with timestamp 2026-11-23 14:56:47.236338524 +0000 UTC ignored, reason: 'Per stream rate limit exceeded " +
		`(limit: 1KB/sec) while attempting to ingest for stream '{a="4", service_name="unknown_service", test="x"}' totaling 300B, ` +
		"consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',\n"
	streamRateEnd = `user 'streamrate', total ignored: 12 out of 12 for stream: {a="4", service_name="unknown_service", test="x"}` + "\n"
	tooLargeText  = "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5001069 vs. 4194304)\n"
)

func TestWhatAnAnswerMeans(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, tt := range []struct {
		name   string
		status int
		text   string
		header http.Header
		want   verdict
		// ofStream: the others need not wait.
		ofStream bool
	}{
		{name: "no content is success", status: 204, want: delivered},
		{name: "so is any other 2xx, as other servers answer", status: 200, text: "{}", want: delivered},
		{name: "a web page is not", status: 200, text: "<!doctype html>", header: html, want: waiting},
		{name: "nor one in capitals", status: 200, header: http.Header{"Content-Type": {"TEXT/HTML"}}, want: waiting},
		{name: "blocked, which looks like success", status: 260, text: blockedText, want: waiting},
		{name: "260 without a text", status: 260, want: waiting},
		{name: "blocked with a status that an administrator chose", status: 429, text: strings.ReplaceAll(blockedText, "260", "429"), want: waiting},
		{name: "blocked by a policy with a bad status", status: 400, want: waiting,
			text: "ingestion blocked for user 'fake' (policy: 'p') until '2100-01-01T00:00:00Z' with status code '400'\n"},

		{name: "the tenant sends too fast", status: 429, text: rateText, want: suspicious},
		{name: "one stream too many", status: 429, text: streamLimitText, want: waiting, ofStream: true},
		{name: "one stream too many, an older Loki", status: 429, text: "M" + streamLimitText[1:], want: waiting, ofStream: true},
		{name: "a stream is too fast", status: 429, text: strings.Repeat(streamRateEntry, 10) + streamRateEnd, want: suspicious, ofStream: true},
		{name: "a gateway's 429", status: 429, text: "slow down", want: suspicious},

		{name: "internal trouble", status: 500, text: "rpc error: code = Unknown desc = empty ring\n", want: suspicious},
		{name: "a name that cannot be normalised", status: 500, want: suspicious,
			text: `normalization for label name "日志" resulted in invalid name "_"` + "\n"},
		{name: "a time before the first schema", status: 500, want: suspicious,
			text: "rpc error: code = Unknown desc = failed to create stream: no schema config found for time 1\n"},
		{name: "too large between Loki's parts", status: 500, text: tooLargeText, want: tooLarge},
		{name: "too large to be handed on", status: 500, want: tooLarge,
			text: "rpc error: code = ResourceExhausted desc = trying to send message larger than max (5001069 vs. 4194304)\n"},
		{name: "too large, somewhere in the text", status: 500, text: "x " + tooLargeText, want: suspicious},
		{name: "bad gateway, a web page", status: 502, text: "<html>", header: html, want: suspicious},
		{name: "unavailable", status: 503, want: suspicious},
		{name: "gateway timeout", status: 504, want: suspicious},
		{name: "too large", status: 413, want: tooLarge,
			text: "request body too large: message size too large than max (110100480 vs 104857600)\n"},
		{name: "too large for a gateway", status: 413, text: "<html>", header: html, want: tooLarge},

		{name: "an entry is refused", status: 400, want: refused,
			text: `entry for stream '{service_name="x"}' has timestamp too new: 2026-11-23T15:05:17Z` + "\n"},
		{name: "entries are too far behind", status: 400, text: behindText, want: refused},
		{name: "labels that cannot be parsed", status: 400, want: refused,
			text: "couldn't parse labels: 1:16: parse error: invalid UTF-8 rune\n"},
		{name: "garbage", status: 400, text: "snappy: corrupt input\n", want: suspicious},
		{name: "an encoding", status: 400, text: `Content-Encoding "zstd" not supported` + "\n", want: suspicious},
		{name: "no content type", status: 400, text: "mime: no media type\n", want: suspicious},
		{name: "a time that no protobuf has", status: 400, want: suspicious,
			text: "timestamp: &types.Timestamp{Seconds: 253433923200,\nNanos: 0,\n} after 10000-01-01\n"},
		{name: "several tenants", status: 400, text: "multiple org IDs present\n", want: suspicious},
		{name: "a tenant that cannot be", status: 400, text: "tenant ID 'a/b' contains unsupported character '/'\n", want: suspicious},
		{name: "another server's 400 that says parse error", status: 400, text: `{"error":"parse error: unexpected token"}`, want: suspicious},
		{name: "a gateway's 400, a web page", status: 400, text: "<h1>400 Bad Request</h1> error parsing labels 'x'", header: html, want: suspicious},
		{name: "no streams", status: 422, text: "error at least one valid stream is required for ingestion\n", want: suspicious},

		{name: "no tenant", status: 401, text: "no org id\n", want: waiting},
		{name: "forbidden", status: 403, want: waiting},
		{name: "not found", status: 404, text: "404 page not found\n", want: waiting},
		{name: "wrong method", status: 405, want: waiting},
		{name: "request timeout", status: 408, want: waiting},
		{name: "a redirection", status: 302, want: waiting},
		{name: "refusing texts only count with a 400", status: 403, text: behindText, want: waiting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := judge(tt.status, tt.header, tt.text)
			assert.Equal(t, tt.want, a.verdict)
			assert.Equal(t, tt.ofStream, a.ofStream)
			assert.Equal(t, tt.status, a.status)
			if tt.want != waiting || tt.header == nil {
				assert.Equal(t, tt.text, a.text)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, tt := range []struct {
		name, value string
		least, most time.Duration
	}{
		{name: "none"},
		{name: "seconds", value: "7", least: 7 * time.Second, most: 7 * time.Second},
		{name: "none to wait", value: "0"},
		{name: "negative", value: "-1"},
		{name: "a week", value: "604800", least: 10 * time.Minute, most: 10 * time.Minute},
		{name: "more seconds than a duration holds", value: "9223372036854775807", least: 10 * time.Minute, most: 10 * time.Minute},
		{name: "more than a number holds", value: "99999999999999999999"},
		{name: "a date", value: in(5 * time.Minute), least: 4 * time.Minute, most: 5 * time.Minute},
		{name: "a date far away", value: in(24 * time.Hour), least: 10 * time.Minute, most: 10 * time.Minute},
		{name: "a date that has passed", value: in(-time.Hour)},
		{name: "nonsense", value: "soon"},
		{name: "a fraction", value: "1.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(503, http.Header{"Retry-After": {tt.value}}, "").retryAfter
			assert.GreaterOrEqual(t, got, tt.least)
			assert.LessOrEqual(t, got, tt.most)
		})
	}
}

func TestAnAnswerAsAnError(t *testing.T) {
	a := judge(500, nil, "two\nlines  and \xff no text\n")
	require.EqualError(t, &a, "HTTP 500 Internal Server Error: two lines and \uFFFD no text")
	assert.Equal(t, "500", a.label())
	a = answer{verdict: waiting, text: "connection refused"}
	require.EqualError(t, &a, "connection refused")
	assert.Equal(t, "transport", a.label())
	a = judge(503, nil, strings.Repeat("é", 10_000))
	assert.Less(t, len(a.Error()), 600, "a message has room for the beginning only")
}

func FuzzJudge(f *testing.F) {
	for _, text := range []string{behindText, streamLimitText, rateText, blockedText, tooLargeText, streamRateEntry + streamRateEnd} {
		f.Add(400, text, "text/plain", "1")
	}
	f.Fuzz(func(t *testing.T, status int, text, contentType, after string) {
		a := judge(status, http.Header{"Content-Type": {contentType}, "Retry-After": {after}}, text)
		if a.verdict == delivered {
			assert.True(t, status >= 200 && status < 300 && status != 260)
		}
		if a.verdict == refused {
			assert.Equal(t, 400, status)
			r := readRefusal(text)
			assert.NotEmpty(t, r.reason)
			assert.GreaterOrEqual(t, r.count, 0)
			sum := 0
			for _, n := range r.times {
				sum += n
			}
			assert.True(t, r.times == nil || sum == r.count)
		}
		assert.LessOrEqual(t, a.retryAfter, maxRetryAfter)
		assert.GreaterOrEqual(t, a.retryAfter, time.Duration(0))
		assert.NotContains(t, a.Error(), "\n")
	})
}
