// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxAnswer is the longest answer that is read. The longest of a real service has some kilobytes.
const maxAnswer = 1 << 20

var errAnswerTooLong = errors.New("the answer has more than 1 MiB")

// dialMetadata is replaced in tests, where the addresses of the services belong to a fake.
var dialMetadata = (&net.Dialer{}).DialContext

// metadataClient returns a client for services that are near or not there at all: a connection has to come about within
// connect, an answer has to begin within 5 seconds. Nothing is kept between two detections, and no proxy is asked: it
// would answer for its own machine.
func metadataClient(connect time.Duration) *http.Client {
	return boundedClient(&http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, connect)
			defer cancel()
			return dialMetadata(ctx, network, address)
		},
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: 5 * time.Second,
	})
}

// internetClient returns a client for a service that has a public name, by a proxy where there is one.
func internetClient(config *tls.Config) *http.Client {
	return boundedClient(&http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: 5 * time.Second,
		TLSClientConfig:       config,
	})
}

func boundedClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: bounded{transport},
		// A token in a header would go to wherever an answer leads.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded ends answers that are too long with an error.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = &boundedBody{ReadCloser: response.Body, left: maxAnswer}
	}
	return response, err
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errAnswerTooLong
	}
	return n, err
}

// statusError is an answer other than 200.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string { return e.message }

// ask sends a request and returns the answer. Its errors hold neither headers nor the answer, which may be secret.
func ask(ctx context.Context, client *http.Client, method, url string, headers map[string]string, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{code: response.StatusCode, message: fmt.Sprintf("%s %s: %s", method, url, response.Status)}
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, url, err)
	}
	return answer, nil
}

func getText(ctx context.Context, client *http.Client, url string, headers map[string]string) (string, error) {
	answer, err := ask(ctx, client, http.MethodGet, url, headers, "")
	return string(answer), err
}

func getJSON(ctx context.Context, client *http.Client, url string, headers map[string]string, into any) error {
	answer, err := ask(ctx, client, http.MethodGet, url, headers, "")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("GET %s: the answer is not the JSON that was expected: %w", url, err)
	}
	return nil
}
