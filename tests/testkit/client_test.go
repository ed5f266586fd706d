// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// export makes a request with the given bodies.
func export(bodies ...string) plogotlp.ExportRequest {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName("a scope")
	for _, body := range bodies {
		log := scope.LogRecords().AppendEmpty()
		log.Body().SetStr(body)
		log.Attributes().PutInt("size", int64(len(body)))
	}
	return plogotlp.NewExportRequestFromLogs(logs)
}

// answer is what the backend answered over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends a body over HTTP on a connection of its own.
func post(ctx context.Context, url, mediaType, encoding string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", mediaType)
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, content}, err
}

// postLogs sends bodies as protobuf to the usual path.
func postLogs(t *testing.T, b *Backend, bodies ...string) (answer, error) {
	t.Helper()
	raw, err := export(bodies...).MarshalProto()
	require.NoError(t, err)
	return post(t.Context(), b.HTTPURL()+"/v1/logs", typeProtobuf, "", raw)
}

// dial makes a client of the gRPC endpoint.
func dial(t *testing.T, b *Backend) plogotlp.GRPCClient {
	t.Helper()
	conn, err := grpc.NewClient(b.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return plogotlp.NewGRPCClient(conn)
}
