// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// post sends a request and returns the status of the answer.
func post(t *testing.T, url, coding string, body []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	if coding != "" {
		request.Header.Set("Content-Encoding", coding)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// request holds so many markers of file 0, from the given one on, with as much between them.
func request(from, count int) []byte {
	var raw []byte
	for n := range count {
		raw = appendMarker(append(raw, "\x0a\x80\x01 "+strings.Repeat("x", 100)...), 0, from+n)
	}
	return raw
}

func gzipped(t *testing.T, raw []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestTheSinkReadsWhatCollectorsSend(t *testing.T) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	for name, send := range map[string]struct {
		path, coding string
		status       int
		body         func(raw []byte) []byte
	}{
		"otlp, plain":    {"/v1/logs", "", 200, func(raw []byte) []byte { return raw }},
		"otlp, identity": {"/v1/logs", "identity", 200, func(raw []byte) []byte { return raw }},
		"otlp, gzip":     {"/v1/logs", "gzip", 200, func(raw []byte) []byte { return gzipped(t, raw) }},
		"otlp, zstd":     {"/v1/logs", "zstd", 200, func(raw []byte) []byte { return encoder.EncodeAll(raw, nil) }},
		"otlp, snappy":   {"/v1/logs", "snappy", 200, func(raw []byte) []byte { return snappy.Encode(nil, raw) }},
		"loki":           {"/loki/api/v1/push", "", 204, func(raw []byte) []byte { return snappy.Encode(nil, raw) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSink(t)
			wire := 0
			// The buffers of an earlier, larger request are used again.
			for _, part := range [][2]int{{0, 500}, {500, 20}, {520, 480}} {
				body := send.body(request(part[0], part[1]))
				wire += len(body)
				require.Equal(t, send.status, post(t, s.URL()+send.path, send.coding, body))
			}
			assert.True(t, s.Wait(1000, time.Minute, running))
			diff, err := s.Check([]int{1000})
			require.NoError(t, err)
			assert.Equal(t, tally{}, diff)
			assert.InDelta(t, float64(wire)/1e6, s.WireMB(), 1e-9)
		})
	}
}

func TestTheSinkNoticesWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		send func(s *sink)
		want tally
	}{
		"a request that comes twice": {func(s *sink) {
			post(t, s.URL()+"/v1/logs", "", request(0, 100))
			post(t, s.URL()+"/v1/logs", "gzip", gzipped(t, request(0, 100)))
		}, tally{Duplicates: 100}},
		"a request that does not come": {func(s *sink) {
			post(t, s.URL()+"/v1/logs", "", request(0, 60))
		}, tally{Missing: 40}},
		"records that nobody wrote": {func(s *sink) {
			post(t, s.URL()+"/v1/logs", "", request(0, 110))
		}, tally{Strange: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSink(t)
			test.send(s)
			diff, err := s.Check([]int{100})
			require.NoError(t, err)
			assert.Equal(t, test.want, diff)
		})
	}
}

func TestTheSinkKeepsTheFirstRequestItCannotTake(t *testing.T) {
	for name, test := range map[string]struct {
		path, coding string
		status       int
		want         string
	}{
		"damaged gzip":     {"/v1/logs", "gzip", 400, "decompress gzip"},
		"damaged zstd":     {"/v1/logs", "zstd", 400, "decompress zstd"},
		"damaged snappy":   {"/loki/api/v1/push", "", 400, "decompress snappy"},
		"unknown encoding": {"/v1/logs", "br", 400, `unknown content encoding "br"`},
		"unknown path":     {"/v1/traces", "", 404, `unknown path "/v1/traces"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSink(t)
			assert.Equal(t, test.status, post(t, s.URL()+test.path, test.coding, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")))
			_, err := s.Check(nil)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func running() bool { return false }

func TestWaitingEndsWhenNothingComesAnyMore(t *testing.T) {
	s := startSink(t)
	post(t, s.URL()+"/v1/logs", "", request(0, 99))
	assert.True(t, s.Wait(99, time.Minute, running))
	assert.False(t, s.Wait(100, time.Millisecond, running))
	assert.False(t, s.Wait(100, time.Hour, func() bool { return true }), "nobody sends")
	assert.True(t, s.Wait(99, time.Hour, func() bool { return true }), "all is here")
}
