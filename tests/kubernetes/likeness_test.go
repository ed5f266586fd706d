// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// differing matches what no two servers have in common: versions, and who asks.
var differing = regexp.MustCompile(`("resourceVersion":"|User \\")[^"\\]*`)

// The fake API server, which other tests trust, says what the real one says.
func TestTheFakeServerIsLikeTheRealOne(t *testing.T) {
	t.Parallel()
	c := StartCluster(t)
	c.NewNamespace(t, "shop", nil)
	account := c.NewAccount(t, "shop", "reader", Reads("", "pods"), Reads("apps", "replicasets"))
	token, err := os.ReadFile(account.TokenFile)
	require.NoError(t, err)
	ca, err := os.ReadFile(c.authority.Path("ca.crt"))
	require.NoError(t, err)
	fake := kubeapi.StartTLS(t)
	fake.SetTokens("valid")
	fake.Add(kubeapi.NewNamespace("shop", nil))
	fake.SetFault(kubeapi.Fault{Resource: "nodes", Status: http.StatusForbidden})

	const partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	const initial = "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
	for _, tt := range []struct{ name, path, accept, token string }{
		{name: "an empty list", path: "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a"},
		{name: "an empty list from the cache", path: "/api/v1/pods?resourceVersion=0"},
		{name: "an object that is not there", path: "/api/v1/namespaces/shop/pods/nothing"},
		{name: "a bookmark of pods", path: "/api/v1/pods" + initial},
		{name: "a bookmark of metadata", path: "/apis/apps/v1/replicasets" + initial, accept: partial},
		{name: "a field label that is not supported", path: "/api/v1/pods?fieldSelector=spec.containers%3D1"},
		{name: "a token that is not valid", path: "/api/v1/pods", token: "nonsense"},
		{name: "a resource that is forbidden", path: "/api/v1/nodes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			accept := tt.accept
			if accept == "" {
				accept = "application/json"
			}
			// Behind the first line, a watch has what comes at another time from each.
			ask := func(url string, ca []byte, token string) (int, string) {
				if tt.token != "" {
					token = tt.token
				}
				status, body := get(t, url+tt.path, ca, token, accept)
				first, _, _ := strings.Cut(body, "\n")
				return status, differing.ReplaceAllString(first, "$1")
			}
			wantStatus, want := ask(c.URL(), ca, string(token))
			gotStatus, got := ask(fake.URL(), fake.CA(), "valid")
			assert.Equal(t, wantStatus, gotStatus)
			assert.JSONEq(t, want, got)
		})
	}
}

// get returns the whole answer to a request.
func get(t *testing.T, url string, ca []byte, token, accept string) (int, string) {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(ca))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", accept)
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}
