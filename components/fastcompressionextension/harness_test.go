// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/tributary-otel/tributary/components/fastcompressionextension/internal/zstdencoder"
)

// request is what the server received.
type request struct {
	encoding string
	length   int64 // Content-Length
	wire     []byte
	header   http.Header
}

// server keeps each request. answer may be nil for 200.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

func serve(t testing.TB, answer http.HandlerFunc) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wire, err := io.ReadAll(r.Body)
		if !assert.NoError(t, err) {
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, request{r.Header.Get("Content-Encoding"), r.ContentLength, wire, r.Header.Clone()})
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) received() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

// client is what an exporter gets from these settings, with the extension
// `fast_compression` at its side.
func client(t testing.TB, coding, settings string) *http.Client {
	id := component.MustNewID("fast_compression")
	extensions := map[component.ID]component.Component{id: newFastCompression(&Config{Compression: coding})}
	conf, err := confmap.NewRetrievedFromYAML([]byte(settings))
	require.NoError(t, err)
	parsed, err := conf.AsConf()
	require.NoError(t, err)
	config := confighttp.NewDefaultClientConfig()
	require.NoError(t, parsed.Unmarshal(&config))
	c, err := config.ToClient(context.Background(), extensions, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

const viaMiddleware = "{compression: none, middlewares: [{id: fast_compression}]}"

func post(t testing.TB, c *http.Client, url string, body io.Reader) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, body)
	require.NoError(t, err)
	response, err := c.Do(req)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, response.Body)
	require.NoError(t, response.Body.Close())
}

// decoders of each coding, among them the standard library's.
var decoders = map[string]map[string]func(io.Reader) (io.Reader, error){
	"zstd": {
		"klauspost": func(r io.Reader) (io.Reader, error) {
			// No more memory than a careful server allows.
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdencoder.WindowBytes))
		},
	},
	"gzip": {
		"klauspost":        func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"standard library": func(r io.Reader) (io.Reader, error) { return stdgzip.NewReader(r) },
	},
}

func decode(t testing.TB, coding string, wire []byte) []byte {
	for _, open := range decoders[coding] {
		r, err := open(bytes.NewReader(wire))
		require.NoError(t, err)
		out, err := io.ReadAll(r)
		require.NoError(t, err)
		return out
	}
	return wire
}

// otlpBody is an OTLP request of about that many bytes, with lines as programs write
// them. The same seed gives the same body.
func otlpBody(t testing.TB, size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("user order payment accepted refused cache hit miss timeout retry connection closed upstream shard flushed segment GET POST /api/v1/items /healthz checkout")
	ld := plog.NewLogs()
	var resource plog.ResourceLogs
	for written, n := 0, 0; written < size; n++ {
		if n%200 == 0 {
			resource = ld.ResourceLogs().AppendEmpty()
			resource.Resource().Attributes().PutStr("k8s.pod.name", fmt.Sprintf("shop-%08x", random.Uint32()))
			resource.Resource().Attributes().PutStr("k8s.namespace.name", "shop")
			resource.ScopeLogs().AppendEmpty()
		}
		line := fmt.Sprintf(`level=info ts=%d caller=server.go:%d trace=%016x msg="`, 1700000000000+random.Int64N(1e9), random.IntN(900), random.Uint64())
		for range 8 + random.IntN(8) {
			line += words[random.IntN(len(words))] + " "
		}
		record := resource.ScopeLogs().At(0).LogRecords().AppendEmpty()
		record.Body().SetStr(line + `"`)
		record.SetTimestamp(1700000000000000000)
		record.Attributes().PutStr("log.iostream", "stdout")
		written += len(line) + 40
	}
	out, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	require.NoError(t, err)
	return out
}

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }
