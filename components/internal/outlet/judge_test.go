// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/delivery"
)

// startExporter runs an exporter without a queue and without a retry of its own, as it
// stands behind a receiver.
func startExporter(t *testing.T, e exporter.Logs, err error) exporter.Logs {
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

func httpExporter(t *testing.T, url string) exporter.Logs {
	factory := otlphttpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlphttpexporter.Config)
	config.ClientConfig.Endpoint = url
	config.ClientConfig.Headers = configopaque.MapList{{Name: "Authorization", Value: "Bearer of-a-secret"}}
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	e, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	return startExporter(t, e, err)
}

func TestWhatAnswersOverHTTPMean(t *testing.T) {
	var answer atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(int(answer.Load()))
	}))
	defer s.Close()
	e := httpExporter(t, s.URL)
	for code, want := range map[int]delivery.Verdict{
		304: delivery.Transient, 400: delivery.Refused, 401: delivery.Misconfigured, 402: delivery.Transient, 403: delivery.Misconfigured,
		404: delivery.Misconfigured, 405: delivery.Transient, 408: delivery.Transient, 409: delivery.Transient, 413: delivery.Refused,
		415: delivery.Transient, 422: delivery.Refused, 429: delivery.Transient, 500: delivery.Transient, 501: delivery.Transient,
		502: delivery.Transient, 503: delivery.Transient, 504: delivery.Transient,
	} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			answer.Store(int32(code))
			err := e.ConsumeLogs(t.Context(), logsOf("x"))
			require.Error(t, err)
			assert.Equal(t, want, Judge(err), "%v", err)
			assert.NotContains(t, err.Error(), "of-a-secret")
		})
	}
	s.Close()
	err := e.ConsumeLogs(t.Context(), logsOf("x"))
	require.Error(t, err)
	assert.Equal(t, delivery.Transient, Judge(err), "no connection")
	assert.Equal(t, delivery.Transient, Judge(errors.New("HTTP Status Code 413")), "an error that is not final")
}

type grpcBackend struct {
	plogotlp.UnimplementedGRPCServer
	code atomic.Uint32
}

func (b *grpcBackend) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), status.Error(codes.Code(b.code.Load()), "no")
}

func TestWhatAnswersOverGRPCMean(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b, s := &grpcBackend{}, grpc.NewServer(grpc.MaxRecvMsgSize(10_000))
	plogotlp.RegisterGRPCServer(s, b)
	go func() { _ = s.Serve(listener) }()
	defer s.Stop()
	factory := otlpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpexporter.Config)
	config.ClientConfig.Endpoint = listener.Addr().String()
	config.ClientConfig.TLS.Insecure = true
	config.ClientConfig.Compression = ""
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	made, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	e := startExporter(t, made, err)
	special := map[codes.Code]delivery.Verdict{
		codes.InvalidArgument: delivery.Refused, codes.Unauthenticated: delivery.Misconfigured, codes.PermissionDenied: delivery.Misconfigured,
		codes.NotFound: delivery.Misconfigured, codes.Unimplemented: delivery.Misconfigured,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			b.code.Store(uint32(code))
			err := e.ConsumeLogs(t.Context(), logsOf("x"))
			require.Error(t, err)
			assert.Equal(t, special[code], Judge(err), "%v", err)
		})
	}
	err = e.ConsumeLogs(t.Context(), logsOf(strings.Repeat("x", 20_000)))
	require.Error(t, err)
	assert.Equal(t, delivery.Refused, Judge(err), "too large to be sent: %v", err)
}
