// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func throughWriter(open func(io.Writer) io.WriteCloser) func([]byte) []byte {
	return func(raw []byte) []byte {
		var out bytes.Buffer
		w := open(&out)
		_, _ = w.Write(raw)
		_ = w.Close()
		return out.Bytes()
	}
}

func TestHTTPTakesEveryEncodingInBothMediaTypes(t *testing.T) {
	encodings := []struct {
		name, header string
		encode       func([]byte) []byte
	}{
		{"none", "", func(raw []byte) []byte { return raw }},
		{"identity", "identity", func(raw []byte) []byte { return raw }},
		{"gzip", "gzip", throughWriter(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
		{"deflate", "deflate", throughWriter(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
		{"bare deflate", "deflate", throughWriter(func(w io.Writer) io.WriteCloser {
			f, _ := flate.NewWriter(w, flate.BestSpeed)
			return f
		})},
		{"zstd", "zstd", throughWriter(func(w io.Writer) io.WriteCloser {
			z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			return z
		})},
		{"snappy block", "snappy", func(raw []byte) []byte { return snappy.Encode(nil, raw) }},
		{"snappy frames", "snappy", throughWriter(func(w io.Writer) io.WriteCloser { return snappy.NewBufferedWriter(w) })},
	}
	b := StartBackend(t)
	for _, encoding := range encodings {
		for _, mediaType := range []string{typeProtobuf, typeJSON} {
			t.Run(encoding.name+" "+mediaType, func(t *testing.T) {
				request := export("one", "two")
				raw, err := request.MarshalProto()
				if mediaType == typeJSON {
					raw, err = request.MarshalJSON()
				}
				require.NoError(t, err)
				before := b.Count()
				got, err := post(t.Context(), b.HTTPURL()+"/some/v1/logs", mediaType, encoding.header, encoding.encode(raw))
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, got.status, string(got.body))
				assert.Equal(t, mediaType, got.header.Get("Content-Type"))
				response := plogotlp.NewExportResponse()
				if mediaType == typeJSON {
					require.NoError(t, response.UnmarshalJSON(got.body))
				} else {
					require.NoError(t, response.UnmarshalProto(got.body))
				}
				records := b.Records()[before:]
				require.Len(t, records, 2)
				assert.Equal(t, "two", records[1].Body)
				requests := b.Requests()
				last := requests[len(requests)-1]
				assert.Equal(t, encodingName(encoding.header), last.Encoding)
				assert.Equal(t, []string{mediaType}, last.Header["Content-Type"])
				last.Header, last.Encoding = nil, ""
				assert.Equal(t, Request{Protocol: "http", Path: "/some/v1/logs", Records: 2}, last)
			})
		}
	}
}

func TestGRPCTakesEveryEncoding(t *testing.T) {
	b := StartBackend(t)
	client := dial(t, b)
	for _, encoding := range []string{"", "gzip", "zstd"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			before := b.Count()
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant", "blue")
			_, err := client.Export(ctx, export("one", "two", "three"), grpc.UseCompressor(encoding))
			require.NoError(t, err)
			assert.Equal(t, before+3, b.Count())
			requests := b.Requests()
			last := requests[len(requests)-1]
			assert.Equal(t, []string{"blue"}, last.Header["x-tenant"])
			last.Header = nil
			assert.Equal(t, Request{
				Protocol: "grpc",
				Path:     "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
				Encoding: encoding, Records: 3,
			}, last)
		})
	}
}

func TestRecordHasEveryField(t *testing.T) {
	stamp := time.Date(2026, 5, 6, 7, 8, 9, 10, time.UTC)
	request := export("text", "")
	records := request.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	log := records.At(0)
	log.SetTimestamp(pcommon.NewTimestampFromTime(stamp))
	log.SetObservedTimestamp(pcommon.NewTimestampFromTime(stamp.Add(time.Second)))
	log.SetSeverityNumber(plog.SeverityNumberWarn)
	log.SetSeverityText("warn")
	log.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
	log.SetTraceID(pcommon.TraceID{15: 1})
	log.SetSpanID(pcommon.SpanID{7: 2})
	nested := records.At(1).Body().SetEmptyMap()
	nested.PutEmptySlice("list").AppendEmpty().SetDouble(1.5)

	b := StartBackend(t)
	_, err := dial(t, b).Export(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, []Record{{
		Resource: map[string]any{"service.name": "shop"}, ScopeName: "a scope",
		Attributes: map[string]any{"size": int64(4)}, Body: "text",
		SeverityText: "warn", SeverityNumber: 13,
		Timestamp: stamp, Observed: stamp.Add(time.Second), Flags: 1,
		TraceID: "00000000000000000000000000000001", SpanID: "0000000000000002",
	}, {
		Resource: map[string]any{"service.name": "shop"}, ScopeName: "a scope",
		Attributes: map[string]any{"size": int64(0)},
		Body:       map[string]any{"list": []any{1.5}},
	}}, b.Records())
}

func TestHTTPRefusesWhatIsNoExport(t *testing.T) {
	b := StartBackend(t)
	for _, c := range []struct {
		name, path, mediaType, encoding, body string
		status                                int
		text                                  string
	}{
		{"other path", "/v1/traces", typeProtobuf, "", "", 404, "no such endpoint: POST /v1/traces"},
		{"other media type", "/v1/logs", "text/csv", "", "", 415, `unsupported content type "text/csv"`},
		{"other encoding", "/v1/logs", typeProtobuf, "br", "", 400, `decode body: unsupported content encoding "br"`},
		{"broken gzip", "/v1/logs", typeProtobuf, "gzip", "nonsense", 400, "decode body: decompress gzip: "},
		{"broken JSON", "/v1/logs", typeJSON, "", "{", 400, "decode body: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := post(t.Context(), b.HTTPURL()+c.path, c.mediaType, c.encoding, []byte(c.body))
			require.NoError(t, err)
			assert.Equal(t, c.status, got.status)
			assert.Contains(t, string(got.body), c.text)
			requests := b.Requests()
			assert.True(t, requests[len(requests)-1].Refused)
		})
	}
	assert.Zero(t, b.Count())
	assert.Zero(t, b.Faulted())
}

func TestOnlyPathRefusesEveryOtherPath(t *testing.T) {
	b := StartBackend(t)
	b.OnlyPath("/insert/opentelemetry/v1/logs")
	raw, err := export("one").MarshalProto()
	require.NoError(t, err)

	got, err := post(t.Context(), b.HTTPURL()+"/v1/logs", typeProtobuf, "", raw)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.Equal(t, "unsupported path requested", string(got.body))

	got, err = post(t.Context(), b.HTTPURL()+"/insert/opentelemetry/v1/logs", typeProtobuf, "", raw)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, 1, b.Count())
}

func TestBackendComesBackOnTheSamePorts(t *testing.T) {
	first := StartBackend(t)
	_, err := postLogs(t, first, "one")
	require.NoError(t, err)
	first.Stop()
	first.Stop()
	_, err = postLogs(t, first, "lost")
	require.Error(t, err)
	assert.Equal(t, 1, first.Count(), "what was recorded stays readable")

	second := StartBackendOn(t, first.HTTPURL(), first.GRPCAddr())
	assert.Equal(t, first.HTTPURL(), second.HTTPURL())
	assert.Equal(t, first.GRPCAddr(), second.GRPCAddr())
	_, err = postLogs(t, second, "two")
	require.NoError(t, err)
	assert.Equal(t, 1, second.Count())
	second.Stop()

	third := StartBackendAt(t, second.httpListener.Addr().String())
	assert.Equal(t, first.HTTPURL(), third.HTTPURL())
}

func TestBackendListensOnLoopbackOnly(t *testing.T) {
	message := failureOf(t, func(t testing.TB) { StartBackendAt(t, "0.0.0.0:0") })
	assert.Contains(t, message, "not a loopback address")
}
