// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// front stands before the API server and passes on what the collector asks, with its token. It can hold watches back, as
// an API server that is behind does, and it counts.
type front struct {
	server *httptest.Server

	mu sync.Mutex
	// held is closed when watches may go on; nil is no hold.
	held  chan struct{}
	asked map[string]int
	// old refuses to begin a watch with a list, as API servers did before they learnt it.
	old bool
}

func startFront(t *testing.T, s *server) *front {
	t.Helper()
	admin := s.Config(t)
	address, err := url.Parse(admin.Host)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(admin.CAData))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	f := &front{asked: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(address) },
		ModifyResponse: func(r *http.Response) error {
			if watches(r.Request) {
				r.Body = &heldBody{ReadCloser: r.Body, front: f, request: r.Request}
			}
			return nil
		},
		// A collector that ends breaks its watch off.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	f.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.count(r)
		if f.old && r.URL.Query().Has("sendInitialEvents") {
			refuse(w)
			return
		}
		defer func() {
			// So does the proxy when an answer ends in its middle.
			broken := recover()
			if err, _ := broken.(error); broken != nil && !errors.Is(err, http.ErrAbortHandler) {
				panic(broken)
			}
		}()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		f.release()
		f.server.CloseClientConnections()
		f.server.Close()
		transport.CloseIdleConnections()
	})
	return f
}

// authority is the certificate that the front is known by.
func (f *front) authority() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.server.Certificate().Raw}))
}

// hold lets no further event of a watch through.
func (f *front) hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == nil {
		f.held = make(chan struct{})
	}
}

// release lets everything through again.
func (f *front) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held != nil {
		close(f.held)
		f.held = nil
	}
}

// refuse answers as an API server without the feature WatchList.
func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,`+
		`"message":"sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"}`)
}

// count notes what is asked for: "get pods", "list pods", "watch pods", or the path of anything else.
func (f *front) count(r *http.Request) {
	what := r.URL.Path
	switch {
	case strings.HasSuffix(r.URL.Path, "/pods") && watches(r):
		what = "watch pods"
	case strings.HasSuffix(r.URL.Path, "/pods"):
		what = "list pods"
	case strings.Contains(r.URL.Path, "/pods/"):
		what = "get pods"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[what]++
}

// requests are what was asked for, and how often.
func (f *front) requests() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.asked)
}

func watches(r *http.Request) bool { return r.URL.Query().Get("watch") != "" }

// heldBody is the answer to a watch.
type heldBody struct {
	io.ReadCloser

	front   *front
	request *http.Request
}

// Read keeps what it has read for as long as watches are held.
func (b *heldBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	b.front.mu.Lock()
	held := b.front.held
	b.front.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-b.request.Context().Done():
		}
	}
	return n, err
}
