// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxyTo starts a gateway in front of a server and returns its URL. before may
// answer in the server's place.
func proxyTo(t testing.TB, target string, before func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	server := httptest.NewServer(gateway(t, target, before))
	t.Cleanup(server.Close)
	return server.URL
}

func gateway(t testing.TB, target string, before func(w http.ResponseWriter, r *http.Request) bool) http.Handler {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport: transport,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !before(w, r) {
			proxy.ServeHTTP(w, r)
		}
	})
}

// noise is text that does not compress.
func noise(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a' + byte(rand.IntN(26))
	}
	return string(text)
}
