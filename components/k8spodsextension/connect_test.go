// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"k8s.io/client-go/rest"
)

// asked sends a request through a connection, and returns what the server saw.
func asked(t *testing.T, config *Config, seen *http.Request) {
	t.Helper()
	connection, err := connect(config, component.BuildInfo{Version: "1.2.3"})
	require.NoError(t, err)
	t.Cleanup(connection.Client.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, connection.URL+"/api/v1/pods", http.NoBody)
	require.NoError(t, err)
	response, err := connection.Client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "tributary/1.2.3", seen.Header.Get("User-Agent"))
}

func TestConnect(t *testing.T) {
	var seen http.Request
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = *r })
	secure := httptest.NewTLSServer(handler)
	t.Cleanup(secure.Close)
	address, err := url.Parse(secure.URL)
	require.NoError(t, err)
	t.Setenv("KUBERNETES_SERVICE_HOST", address.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", address.Port())
	// A proxy of the environment is for other servers.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")

	t.Run("without proof", func(t *testing.T) {
		asked(t, &Config{AuthType: authNone}, &seen)
		assert.Empty(t, seen.Header.Get("Authorization"))
	})

	t.Run("as a service account, with a token that is read for each connection", func(t *testing.T) {
		token := filepath.Join(t.TempDir(), "token")
		inClusterConfig = func() (*rest.Config, error) {
			return &rest.Config{Host: secure.URL, BearerTokenFile: token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nil
		}
		t.Cleanup(func() { inClusterConfig = rest.InClusterConfig })
		for _, content := range []string{"first", "second"} {
			require.NoError(t, os.WriteFile(token, []byte(content), 0o600))
			asked(t, &Config{AuthType: authServiceAccount}, &seen)
			assert.Equal(t, "Bearer "+content, seen.Header.Get("Authorization"))
		}
	})

	t.Run("by a kubeconfig, in the context that is named, below a path", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "kubeconfig")
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{apiVersion: v1, kind: Config, current-context: other,
clusters: [{name: test, cluster: {server: "%s/below/", insecure-skip-tls-verify: true}}], users: [{name: me, user: {token: secret}}],
contexts: [{name: other, context: {cluster: none, user: none}}, {name: test, context: {cluster: test, user: me}}]}`, secure.URL), 0o600))
		t.Setenv("KUBECONFIG", file)
		asked(t, &Config{AuthType: authKubeConfig, Context: "test"}, &seen)
		assert.Equal(t, "Bearer secret", seen.Header.Get("Authorization"))
		assert.Equal(t, "/below/api/v1/pods", seen.URL.Path)
	})

	t.Run("a service account that is not there", func(t *testing.T) {
		if _, err := rest.InClusterConfig(); err == nil {
			t.Skip("this test runs in a pod")
		}
		_, err := connect(&Config{AuthType: authServiceAccount}, component.BuildInfo{})
		require.ErrorContains(t, err, "read the service account: ")
		require.ErrorContains(t, err, "the pod needs `automountServiceAccountToken: true`")
	})
}
