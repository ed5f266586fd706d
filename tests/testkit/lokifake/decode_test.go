// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestBodies(t *testing.T) {
	good := encode(t, stream(`{job="a"}`, now("x", "a.b", "c")))
	plainJSON := fmt.Sprintf(`{"streams":[{"stream":{"job":"a"},"values":[["%d","x",{"a.b":"c"}]]}]}`, noon.UnixNano())
	for _, tt := range []struct {
		name, mediaType, encoding string
		body                      []byte
		status                    int
		want                      string
	}{
		{name: "protobuf in a snappy block", mediaType: "application/x-protobuf", encoding: "snappy", body: good, status: 204},
		{name: "the encoding may be left out", mediaType: "application/x-protobuf", body: good, status: 204},
		{name: "gzip around the snappy block", mediaType: "application/x-protobuf", encoding: "gzip", body: gzipped(t, good), status: 204},
		{name: "JSON", mediaType: "application/json; charset=utf-8", body: []byte(plainJSON), status: 204},
		{name: "JSON in gzip", mediaType: "application/json", encoding: "gzip", body: gzipped(t, []byte(plainJSON)), status: 204},
		{name: "JSON in deflate", mediaType: "application/json", encoding: "deflate", body: deflated(t, []byte(plainJSON)), status: 204},
		{name: "no media type", encoding: "snappy", body: good, status: 400, want: "mime: no media type"},
		{name: "another media type counts as protobuf", mediaType: "text/plain", body: good, status: 204},
		{name: "half a media type", mediaType: "text/plain/x", body: good, status: 400, want: "mime: unexpected content after media subtype"},
		{name: "gzip that is none", mediaType: "application/x-protobuf", encoding: "gzip", body: good, status: 400, want: "gzip: invalid header"},
		{name: "nothing", mediaType: "application/x-protobuf", status: 400, want: "snappy: corrupt input"},
		{name: "cut short", mediaType: "application/x-protobuf", body: good[:len(good)-1], status: 400, want: "snappy: corrupt input"},
		{name: "a time Go cannot hold", mediaType: "application/x-protobuf", body: s2.EncodeSnappy(nil, farFuture), status: 400, want: "after 10000-01-01"},
		{name: "zstd", mediaType: "application/x-protobuf", encoding: "zstd", body: good, status: 400, want: `Content-Encoding "zstd" not supported`},
		{name: "not snappy", mediaType: "application/x-protobuf", body: []byte("hello"), status: 400, want: "snappy: corrupt input"},
		{name: "S2, which looks like snappy", mediaType: "application/x-protobuf", body: s2.EncodeBest(nil, repetitive(t)), status: 400, want: "snappy: corrupt input"},
		{name: "not protobuf", mediaType: "application/x-protobuf", body: s2.EncodeSnappy(nil, []byte{0xff}), status: 400, want: "unexpected EOF"},
		{name: "not JSON", mediaType: "application/json", body: []byte(`{"streams":`), status: 400, want: "unexpected end of JSON input"},
		{name: "JSON with a time that is no string", mediaType: "application/json", body: []byte(`{"streams":[{"values":[[1,"x"]]}]}`), status: 400, want: "json:"},
		{name: "JSON with a dot in a label name", mediaType: "application/json", body: []byte(`{"streams":[{"stream":{"a.b":"c"}}]}`), status: 400, want: "couldn't parse labels: "},
		{name: "JSON without streams", mediaType: "application/json", body: []byte(`{}`), status: 422, want: "at least one valid stream"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, lokifake.Options{})
			status, text := newSender(t, server).with("Content-Type", tt.mediaType).with("Content-Encoding", tt.encoding).post(tt.body)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, text, tt.want)
			if tt.status != 204 {
				assert.Empty(t, server.Entries(""))
				return
			}
			assert.Equal(t, []lokifake.Entry{{
				Tenant: "fake", Labels: map[string]string{"job": "a", "service_name": "a"}, LabelString: `{job="a"}`,
				Timestamp: noon, Line: "x", Metadata: []lokifake.Pair{{Name: "a_b", Value: "c"}},
			}}, server.Entries(""))
		})
	}
}

func TestBodyLimit(t *testing.T) {
	body := encode(t, stream(`{job="a"}`, now("x")))
	server := start(t, lokifake.Options{Limits: lokifake.Limits{BodyBytes: len(body)}})
	client := newSender(t, server)
	status, _ := client.post(body)
	assert.Equal(t, 204, status)

	longer := encode(t, stream(`{job="a"}`, now("xy")))
	status, text := client.post(longer)
	assert.Equal(t, 413, status)
	assert.Equal(t, fmt.Sprintf("request body too large: message size too large than max (%d vs %d)\n", len(longer), len(body)), text)

	status, _ = client.with("Content-Type", "application/json").with("Content-Encoding", "").post([]byte(`{"streams":[` + strings.Repeat(" ", len(body)) + `]}`))
	assert.Equal(t, 400, status, "JSON is cut at the limit and then makes no sense")
	assert.Len(t, server.Entries(""), 1)
}

func TestOtherPathsAndMethods(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server).client
	for _, tt := range []struct {
		method, path string
		status       int
		text         string
	}{
		{http.MethodGet, "/ready", 200, "ready\n"},
		{http.MethodGet, "/loki/api/v1/push", 404, "404 page not found\n"},
		{http.MethodGet, "/", 404, "404 page not found\n"},
		{http.MethodPost, "/", 404, "404 page not found\n"},
		{http.MethodPost, "/otlp/v1/logs", 404, "404 page not found\n"},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL()+tt.path, nil)
			require.NoError(t, err)
			response, err := client.Do(request)
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, tt.status, response.StatusCode)
			assert.Equal(t, tt.text, string(text))
		})
	}
	assert.Empty(t, server.Requests(), "only pushes are listed")
}

// farFuture is a push with one entry of the year 10001.
var farFuture = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType),
	protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType),
		protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType),
			protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 253433923200))))

// repetitive is a request that S2 writes in its own way.
func repetitive(t *testing.T) []byte {
	t.Helper()
	raw, err := s2.Decode(nil, encode(t, stream(`{job="a"}`, now(strings.Repeat("abcdefghij", 10_000)), now(strings.Repeat("klmnopqrst", 10_000)))))
	require.NoError(t, err)
	return raw
}

func gzipped(t *testing.T, raw []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write(raw)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buffer.Bytes()
}

func deflated(t *testing.T, raw []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer, err := flate.NewWriter(&buffer, flate.BestSpeed)
	require.NoError(t, err)
	_, err = writer.Write(raw)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buffer.Bytes()
}
