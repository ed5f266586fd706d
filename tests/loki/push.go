// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// The push endpoint and what a native client says of its body.
const (
	pushPath       = "/loki/api/v1/push"
	otlpPath       = "/otlp/v1/logs"
	protobufType   = "application/x-protobuf"
	jsonType       = "application/json"
	snappyEncoding = "snappy"
)

// tenantHeader is how a request names its tenant.
const tenantHeader = "X-Scope-OrgID"

// Answer is what Loki answered.
type Answer struct {
	Status int
	// Body is the whole body, with the line break that Loki ends an error with.
	Body   string
	Header http.Header
}

// Push sends a body as it is to the push endpoint. An empty tenant, content type or encoding means no such header. The
// test ends when there is no answer.
func (l *Loki) Push(t testing.TB, tenant, contentType, encoding string, body []byte) Answer {
	t.Helper()
	return l.Post(t, pushPath, pushHeader(tenant, contentType, encoding), body)
}

// PushStreams sends streams as a client does: in one request, as protobuf, compressed with snappy.
func (l *Loki) PushStreams(t testing.TB, tenant string, streams ...Stream) Answer {
	t.Helper()
	return l.Push(t, tenant, protobufType, snappyEncoding, Encode(streams...))
}

// PushOTLP sends a body as it is to the endpoint for OTLP.
func (l *Loki) PushOTLP(t testing.TB, tenant, contentType, encoding string, body []byte) Answer {
	t.Helper()
	return l.Post(t, otlpPath, pushHeader(tenant, contentType, encoding), body)
}

// Post sends a request to a path and logs the answer. The test ends when there is none.
func (l *Loki) Post(t testing.TB, path string, header http.Header, body []byte) Answer {
	t.Helper()
	answer, err := l.post(path, header, body)
	if err != nil {
		t.Fatalf("post to %s: %v", path, err)
	}
	t.Logf("%s %d %.1000q", path, answer.Status, answer.Body)
	return answer
}

func (l *Loki) post(path string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequest(http.MethodPost, l.URL()+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header = header
	return l.do(request)
}

// do makes a request and reads the whole answer.
func (l *Loki) do(request *http.Request) (Answer, error) {
	response, err := l.client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Body: string(body), Header: response.Header}, err
}

func pushHeader(tenant, contentType, encoding string) http.Header {
	header := http.Header{}
	for key, value := range map[string]string{tenantHeader: tenant, "Content-Type": contentType, "Content-Encoding": encoding} {
		if value != "" {
			header.Set(key, value)
		}
	}
	return header
}
