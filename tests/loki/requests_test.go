// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBodies(t *testing.T) {
	l := SharedLoki(t)
	now := clock(time.Now())
	name := Unique(t)
	labels := `{test="` + name + `"}`
	plain := EncodeProtobuf(stream(labels, now.entry("x")))
	good := Encode(stream(labels, now.entry("x")))
	asJSON := fmt.Appendf(nil, `{"streams":[{"stream":{"test":%q},"values":[["%d","x",{"k":"v"}]]}]}`, name, time.Time(now).UnixNano())
	var zipped, deflated bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write(asJSON)
	_ = zip.Close()
	deflate, err := flate.NewWriter(&deflated, flate.BestSpeed)
	require.NoError(t, err)
	_, _ = deflate.Write(asJSON)
	_ = deflate.Close()

	const none = "error at least one valid stream is required for ingestion\n"
	for _, c := range []struct {
		name, contentType, encoding string
		body                        []byte
		status                      int
		answer                      string
	}{
		{"protobuf in snappy", protobufType, "snappy", good, 204, ""},
		{"snappy that is not announced", protobufType, "", good, 204, ""},
		{"any type that is not JSON is protobuf in snappy", "text/plain", "snappy", good, 204, ""},
		{"JSON", jsonType, "", asJSON, 204, ""},
		{"JSON in gzip", jsonType, "gzip", zipped.Bytes(), 204, ""},
		{"JSON in deflate", jsonType, "deflate", deflated.Bytes(), 204, ""},
		{"a stream without entries", protobufType, "snappy", Encode(stream(labels)), 204, ""},
		{"JSON of a stream without entries", jsonType, "", []byte(`{"streams":[{"stream":{"test":"bodies"},"values":[]}]}`), 204, ""},

		{"no streams", protobufType, "snappy", Encode(), 422, none},
		{"JSON of no streams", jsonType, "", []byte(`{"streams":[]}`), 422, none},

		{"protobuf that is not compressed", protobufType, "", plain, 400, "snappy: corrupt input\n"},
		{"an empty body", protobufType, "snappy", nil, 400, "snappy: corrupt input\n"},
		{"nonsense", protobufType, "snappy", []byte("nonsense"), 400, "snappy: corrupt input\n"},
		{"the end is missing", protobufType, "snappy", good[:len(good)-3], 400, "snappy: corrupt input\n"},
		{"zstd", protobufType, "zstd", good, 400, "Content-Encoding \"zstd\" not supported\n"},
		{"identity", protobufType, "identity", good, 400, "Content-Encoding \"identity\" not supported\n"},
		{"gzip that is none", protobufType, "gzip", good, 400, "gzip: invalid header\n"},
		{"no type", "", "snappy", good, 400, "mime: no media type\n"},
		{"more than 100 MiB", protobufType, "snappy", make([]byte, 100<<20+1), 413, "request body too large: message size too large than max (104857601 vs 104857600)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := l.Push(t, "", c.contentType, c.encoding, c.body)
			assert.Equal(t, c.status, answer.Status)
			assert.Equal(t, c.answer, answer.Body)
		})
	}
	// The lines are equal, so that each is one with those before it, except that of JSON, which has metadata.
	assert.Len(t, l.Query(t, "", labels), 2)

	t.Run("another path", func(t *testing.T) {
		answer := l.Post(t, "/api/push", pushHeader("", protobufType, "snappy"), good)
		assert.Equal(t, http.StatusNotFound, answer.Status)
		assert.Equal(t, "404 page not found\n", answer.Body)
	})
}

func TestSizes(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	text := strings.Repeat("x", 250_000)
	// lines make up so many hundred thousand bytes.
	lines := func(hundreds int) []StreamEntry {
		var entries []StreamEntry
		for left := hundreds * 100_000; left > 0; left -= len(text) {
			entries = append(entries, now.at(time.Duration(len(entries)), text[:min(left, len(text))]))
		}
		return entries
	}
	const tooLarge = "rpc error: code = ResourceExhausted desc = grpc: received message larger than max ("
	for _, c := range []struct {
		name    string
		streams []Stream
		status  int
		answer  string
		stored  int
	}{
		{"3.9 MB", []Stream{stream(`{app="a"}`, lines(39)...)}, 204, "", 16},
		{"5 MB are too much for the way to the ingester", []Stream{stream(`{app="a"}`, lines(50)...)}, 500, tooLarge, 0},
		{"so are 4.5 MB of three streams", []Stream{stream(`{app="a"}`, lines(15)...), stream(`{app="b"}`, lines(15)...), stream(`{app="c"}`, lines(15)...)}, 500, tooLarge, 0},
		{"8 MB are more than the rate of a tenant allows at any time", []Stream{stream(`{app="a"}`, lines(80)...)}, 429, "ingestion rate limit exceeded for user TestSizes-8-MB", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := tenantOf(t)
			answer := l.PushStreams(t, tenant, c.streams...)
			assert.Equal(t, c.status, answer.Status)
			assert.True(t, strings.HasPrefix(answer.Body, c.answer), answer.Body)
			assert.Empty(t, answer.Header.Values("Retry-After"))
			// A result of more than 4 MiB fails like a request of that size.
			assert.Len(t, l.Query(t, tenant, everything+` | line_format "short"`), c.stored)
		})
	}
}

func TestTenants(t *testing.T) {
	now := clock(time.Now())
	t.Run("a server without tenants takes any", func(t *testing.T) {
		l := SharedLoki(t)
		labels := `{test="` + Unique(t) + `"}`
		for _, tenant := range []string{"", "blue", "a/b|c"} {
			assert.Equal(t, 204, l.PushStreams(t, tenant, stream(labels, now.entry("from "+tenant))).Status)
		}
		assert.Len(t, l.Query(t, "", labels), 3)
	})

	l := StartLoki(t, Options{MultiTenant: true})
	for _, c := range []struct {
		name, tenant string
		status       int
		answer       string
	}{
		{"none", "", 401, "no org id\n"},
		{"every character that is allowed", "azAZ09!-_.*'()", 204, ""},
		{"150 characters", strings.Repeat("x", 150), 204, ""},
		{"151 characters", strings.Repeat("x", 151), 400, "tenant ID is too long: max 150 characters\n"},
		{"a slash", "a/b", 400, "tenant ID 'a/b' contains unsupported character '/'\n"},
		{"a blank within", "a b", 400, "tenant ID 'a b' contains unsupported character ' '\n"},
		{"another letter, named by its first byte", "ä", 400, "tenant ID 'ä' contains unsupported character 'Ã'\n"},
		{"one dot", ".", 400, "tenant ID is '.' or '..'\n"},
		{"two dots", "..", 400, "tenant ID is '.' or '..'\n"},
		{"two tenants", "a|b", 400, "multiple org IDs present\n"},
		{"the same tenant twice", "a|a", 204, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := l.PushStreams(t, c.tenant, stream(`{app="a"}`, now.entry("x")))
			assert.Equal(t, c.status, answer.Status)
			assert.Equal(t, c.answer, answer.Body)
			if c.status == http.StatusNoContent {
				assert.Equal(t, []string{"x"}, lines(l.Query(t, c.tenant, everything)))
			}
		})
	}
	t.Run("behind a colon nothing counts", func(t *testing.T) {
		require.Equal(t, 204, l.PushStreams(t, "colon:b/c", stream(`{app="a"}`, now.entry("x"))).Status)
		assert.Equal(t, []string{"x"}, lines(l.Query(t, "colon", everything)))
	})
	t.Run("nobody sees the lines of others", func(t *testing.T) {
		require.Equal(t, 204, l.PushStreams(t, "mine", stream(`{app="a"}`, now.entry("mine"))).Status)
		require.Equal(t, 204, l.PushStreams(t, "yours", stream(`{app="a"}`, now.entry("yours"))).Status)
		assert.Equal(t, []string{"mine"}, lines(l.Query(t, "mine", everything)))
		assert.Len(t, l.Series(t, "mine", everything), 1)
	})
}
