// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// startExporter runs an exporter without a queue and without a retry of its own, so that
// each answer comes back at once.
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
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	e, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	return startExporter(t, e, err)
}

// What otlp_http makes of each status, and what the queue makes of that.
func TestWhichAnswersOverHTTPGiveDataUp(t *testing.T) {
	var answer atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(answer.Load()))
	}))
	defer s.Close()
	e := httpExporter(t, s.URL)
	for _, tt := range []struct {
		status    int
		code      codes.Code
		permanent bool // to the exporter
		dropped   bool // by the queue
	}{
		{400, codes.InvalidArgument, true, true},
		{401, codes.Unauthenticated, true, false},
		{402, codes.Unknown, true, false},
		{403, codes.PermissionDenied, true, false},
		{404, codes.Unimplemented, true, false},
		{405, codes.Unknown, true, false},
		{408, codes.Unknown, true, false},
		{409, codes.Unknown, true, false},
		{413, codes.Unknown, true, false},
		{415, codes.Unknown, true, false},
		{422, codes.Unknown, true, false},
		{429, codes.ResourceExhausted, false, false},
		{500, codes.Unknown, true, false},
		{501, codes.Unknown, true, false},
		{502, codes.Unavailable, false, false},
		{503, codes.Unavailable, false, false},
		{504, codes.Unavailable, false, false},
		{304, codes.Unknown, true, false},
	} {
		t.Run(strconv.Itoa(tt.status), func(t *testing.T) {
			answer.Store(int32(tt.status))
			err := e.ConsumeLogs(t.Context(), logsOf("x"))
			require.Error(t, err)
			got, ok := status.FromError(err)
			assert.True(t, ok, "the chain has a status")
			assert.Equal(t, tt.code.String(), got.Code().String())
			assert.Equal(t, tt.permanent, consumererror.IsPermanent(err), "to the exporter")
			assert.Equal(t, tt.dropped, consumererror.IsPermanent(verdict(err)), "by the queue")
		})
	}
	s.Close()
	err := e.ConsumeLogs(t.Context(), logsOf("x"))
	require.Error(t, err)
	assert.False(t, consumererror.IsPermanent(verdict(err)), "no connection")
}

// grpcBackend answers every call with one code.
type grpcBackend struct {
	plogotlp.UnimplementedGRPCServer
	code atomic.Uint32
}

func (b *grpcBackend) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), status.Error(codes.Code(b.code.Load()), "no")
}

func TestWhichAnswersOverGRPCGiveDataUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b, s := &grpcBackend{}, grpc.NewServer()
	plogotlp.RegisterGRPCServer(s, b)
	go func() { _ = s.Serve(listener) }()
	defer s.Stop()

	factory := otlpexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpexporter.Config)
	config.ClientConfig.Endpoint = listener.Addr().String()
	config.ClientConfig.TLS.Insecure = true
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	made, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	e := startExporter(t, made, err)
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			b.code.Store(uint32(code))
			err := e.ConsumeLogs(t.Context(), logsOf("x"))
			require.Error(t, err)
			assert.Equal(t, code == codes.InvalidArgument, consumererror.IsPermanent(verdict(err)))
		})
	}
}

// The whole chain: a wrong token is mended, and nothing is gone.
func TestAWrongTokenIsWaitedFor(t *testing.T) {
	for _, refusal := range []int{401, 403, 404, 500} {
		t.Run(strconv.Itoa(refusal), func(t *testing.T) {
			var calls, taken atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) <= 3 {
					w.WriteHeader(refusal)
					return
				}
				taken.Add(1)
			}))
			defer s.Close()
			q, stop := run(t, t.TempDir(), quick, httpExporter(t, s.URL), nil)
			require.NoError(t, q.ConsumeLogs(t.Context(), logsOf("x")))
			require.Eventually(t, func() bool { return taken.Load() == 1 }, patience, time.Millisecond)
			stop()
			assert.EqualValues(t, 4, calls.Load())
		})
	}
}
