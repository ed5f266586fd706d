// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// clientOf goes through a kubeconfig file.
func clientOf(t *testing.T, kubeconfig string) kubernetes.Interface {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	require.NoError(t, err)
	client, err := kubernetes.NewForConfig(cfg)
	require.NoError(t, err)
	return client
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestTokensOverTLS(t *testing.T) {
	s := kubeapi.StartTLS(t, kubeapi.NewPod("shop", "web", "uid-web", "node-a"))
	assert.Regexp(t, `^https://127\.0\.0\.1:\d+$`, s.URL())
	tokenFile := filepath.Join(t.TempDir(), "token")
	writeFile(t, tokenFile, "first")
	stranger, client := clientOf(t, s.Kubeconfig(t)), clientOf(t, s.TokenKubeconfig(t, tokenFile))

	_, err := stranger.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err, "without tokens everybody is let in")

	s.SetTokens("first", "other")
	_, err = stranger.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	assert.True(t, apierrors.IsUnauthorized(err), "%v", err)
	_, err = stranger.Discovery().ServerVersion()
	assert.True(t, apierrors.IsUnauthorized(err), "discovery too: %v", err)
	w, err := client.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	t.Cleanup(w.Stop)
	expect(t, w, watch.Added, "web")

	s.SetTokens("second")
	_, err = client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	assert.True(t, apierrors.IsUnauthorized(err), "a token that is no longer valid: %v", err)
	requests := s.Requests()
	assert.Equal(t, http.StatusUnauthorized, requests[len(requests)-1].Status)
	s.Add(kubeapi.NewPod("shop", "api", "uid-api", "node-a"))
	expect(t, w, watch.Added, "api")

	writeFile(t, tokenFile, "second")
	_, err = clientOf(t, s.TokenKubeconfig(t, tokenFile)).CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err, "the token is what the file holds")
}

func TestClientsThatTrustAnotherCA(t *testing.T) {
	s := kubeapi.StartTLS(t)
	for name, trusted := range map[string]bool{"the server's own": true, "none": false} {
		t.Run(name, func(t *testing.T) {
			pool := x509.NewCertPool()
			if trusted {
				require.True(t, pool.AppendCertsFromPEM(s.CA()))
			}
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
			t.Cleanup(transport.CloseIdleConnections)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/version", http.NoBody)
			require.NoError(t, err)
			response, err := transport.RoundTrip(request)
			if !trusted {
				unknown := x509.UnknownAuthorityError{}
				require.ErrorAs(t, err, &unknown)
				return
			}
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, "HTTP/2.0", response.Proto)
		})
	}
	assert.Nil(t, kubeapi.Start(t).CA(), "there is nothing to trust without TLS")
}
