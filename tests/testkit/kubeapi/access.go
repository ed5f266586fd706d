// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// SetTokens makes the server answer 401 to every request, also for discovery,
// that does not carry one of these bearer tokens. Without tokens, as at the
// start, it lets everybody in. Open watches stay open, as with a real server.
func (s *Server) SetTokens(tokens ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = slices.Clone(tokens)
}

// known reports whether a request may be answered. The caller holds the lock.
func (s *Server) known(header http.Header) bool {
	token, bearer := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	return len(s.tokens) == 0 || bearer && slices.Contains(s.tokens, token)
}

func unauthorized() *apierrors.StatusError {
	return apierrors.NewUnauthorized("Unauthorized")
}

// CA returns the certificate, in PEM, that clients have to trust; nil for a
// server without TLS.
func (s *Server) CA() []byte {
	if s.http.Certificate() == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
}

// Kubeconfig writes a kubeconfig file that leads to this server, without
// credentials, and returns its path. The file lives as long as the test t. A
// k8s_attributes processor with auth_type kubeConfig finds the file through
// the KUBECONFIG environment variable; its other auth types insist on HTTPS.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	return s.writeKubeconfig(t, "{}")
}

// TokenKubeconfig is Kubeconfig with the bearer token that is in the file
// tokenFile, which client-go reads again once a minute.
func (s *Server) TokenKubeconfig(t testing.TB, tokenFile string) string {
	t.Helper()
	return s.writeKubeconfig(t, fmt.Sprintf("{tokenFile: %q}", tokenFile))
}

func (s *Server) writeKubeconfig(t testing.TB, user string) string {
	t.Helper()
	content := fmt.Sprintf(kubeconfig, s.URL(), base64.StdEncoding.EncodeToString(s.CA()), user)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("write kubeconfig: %v", err)
	}
	return path
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: kubeapi
  cluster:
    server: %s
    certificate-authority-data: %q
contexts:
- name: kubeapi
  context:
    cluster: kubeapi
    user: kubeapi
current-context: kubeapi
users:
- name: kubeapi
  user: %s
`
