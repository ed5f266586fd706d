// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestWhatARequestLooksLike(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService+"headers: {X-Custom: value, X-Other: two}")
	e.send(t, service(t, "a", rec{body: "x"}))
	header := loki.Requests()[0].Header
	assert.Equal(t, "application/x-protobuf", header.Get("Content-Type"))
	assert.Equal(t, "snappy", header.Get("Content-Encoding"))
	assert.Equal(t, "value", header.Get("X-Custom"))
	assert.Equal(t, "two", header.Get("X-Other"))
	assert.Regexp(t, `^\S+/\S* \(\w+/\w+\)$`, header.Get("User-Agent"))
	assert.NotContains(t, header, "Authorization")
}

func TestTheUserAgentIsASetting(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService+"headers: {User-Agent: mine/1}")
	e.send(t, service(t, "a", rec{body: "x"}))
	assert.Equal(t, "mine/1", loki.Requests()[0].Header.Get("User-Agent"))
}

// The upstream exporter had a compression setting without effect.
func TestCompressionHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		yaml  string
		warns int
	}{{"compression: gzip", 1}, {"compression: zstd", 1}, {"compression: none", 0}, {"", 0}} {
		t.Run(tt.yaml, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService+tt.yaml)
			e.send(t, service(t, "a", rec{body: "x"}))
			assert.Equal(t, []string{"snappy"}, loki.Requests()[0].Header["Content-Encoding"])
			assert.Len(t, loki.Entries(""), 1)
			require.Len(t, e.said(zapcore.WarnLevel), tt.warns)
		})
	}
}

// authorized lets the requests through that carry a header value.
func authorized(want *atomic.Value) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == want.Load() {
			return false
		}
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return true
	}
}

func TestBasicAuthFromFiles(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("s3cret-1"), 0o600))
	h := (&host{}).with(t, basicauthextension.NewFactory(), "client_auth: {username: user, password_file: "+password+"}")
	checkCredentials(t, h, "basicauth", password, "s3cret-2", "Basic dXNlcjpzM2NyZXQtMQ==", "Basic dXNlcjpzM2NyZXQtMg==")
}

func TestBearerTokenFromAFile(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("s3cret-1"), 0o600))
	h := (&host{}).with(t, bearertokenauthextension.NewFactory(), "filename: "+token)
	checkCredentials(t, h, "bearertokenauth", token, "s3cret-2", "Bearer s3cret-1", "Bearer s3cret-2")
}

// checkCredentials sends with the credentials of a file, then the server wants
// others, then they come into the file. Nothing is lost, no secret is said.
func checkCredentials(t *testing.T, h *host, name, file, next, first, second string) {
	t.Helper()
	loki := lokifake.Start(t, lokifake.Options{})
	var want atomic.Value
	want.Store(first)
	endpoint := proxyTo(t, loki.URL(), authorized(&want))
	e, _ := runOn(t, h, endpoint, noQueue+"auth: {authenticator: "+name+"}")
	e.send(t, service(t, "a", rec{body: "before"}))

	want.Store(second)
	s := e.begin(context.Background(), service(t, "a", rec{body: "waits for the new one"}))
	require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "401") > 3 }, patience, time.Millisecond)
	assert.True(t, s.waits())
	require.NoError(t, os.WriteFile(file, []byte(next), 0o600))
	require.NoError(t, s.wait(t))
	assert.Equal(t, []string{"before", "waits for the new one"}, linesOf(loki.Entries("")))
	assert.Contains(t, e.everything(), "401")
	assert.NotContains(t, e.everything(), "s3cret")
	assert.NotContains(t, e.everything(), strings.Fields(first)[1])
}

func TestCredentialsInTheURL(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	var want atomic.Value
	want.Store("Basic dXNlcjpzM2NyZXQtMQ==")
	gateway := proxyTo(t, loki.URL(), authorized(&want))
	e := run(t, strings.Replace(gateway, "http://", "http://user:s3cret-1@", 1)+"/loki/api/v1/push?token=s3cret-2", byService)
	e.send(t, service(t, "a", rec{body: "x"}))
	want.Store("others")
	ctx, cancel := context.WithCancel(context.Background())
	s := e.begin(ctx, service(t, "a", rec{body: "y"}))
	require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "401") > 3 }, patience, time.Millisecond)
	cancel()
	require.Error(t, s.wait(t))
	assert.NotContains(t, e.everything(), "s3cret")
}

// Nothing that is said about a connection that fails names a secret.
func TestNoSecretIsSaid(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{
		"nobody listens":      "http://user:s3cret@127.0.0.1:1/loki/api/v1/push?token=s3cret",
		"there is no machine": "http://user:s3cret@does-not-exist.invalid/loki/api/v1/push?token=s3cret",
		"a proxy is away":     "http://user:s3cret@loki.invalid/loki/api/v1/push?token=s3cret",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			yaml := byService + "headers: {X-Token: s3cret}\n"
			if name == "a proxy is away" {
				yaml += "proxy_url: http://user:s3cret@127.0.0.1:1\n"
			}
			e := run(t, endpoint, yaml)
			ctx, cancel := context.WithCancel(context.Background())
			s := e.begin(ctx, service(t, "a", rec{body: "x"}))
			require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "transport") > 2 }, patience, time.Millisecond)
			cancel()
			err := s.wait(t)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "s3cret")
			assert.Contains(t, e.everything(), "Loki does not take the logs")
			assert.NotContains(t, e.everything(), "s3cret")
		})
	}
}

func TestAProxy(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	asked := make(chan string, 10)
	proxy := proxyTo(t, loki.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		asked <- r.URL.String() + " " + r.Header.Get("Proxy-Authorization")
		return false
	})
	e := run(t, "http://loki.invalid:3100", byService+"proxy_url: "+strings.Replace(proxy, "http://", "http://user:pass@", 1))
	e.send(t, service(t, "a", rec{body: "x"}))
	assert.Equal(t, []string{"x"}, linesOf(loki.Entries("")))
	assert.Equal(t, "http://loki.invalid:3100/loki/api/v1/push Basic dXNlcjpwYXNz", <-asked)
}

// authority signs the certificates of a test.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	next int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{key: key, cert: cert, next: 2}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue returns a certificate for 127.0.0.1, and writes it into two files when a
// folder is given.
func (a *authority) issue(t testing.TB, name, folder string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	a.next++
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "cert.pem"), certPEM, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "key.pem"), keyPEM, 0o600))
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	return pair
}

// tlsGateway ends TLS in front of a server. It wants a client certificate that its
// authority has signed, and sees the name in it.
func tlsGateway(t testing.TB, target string, cert tls.Certificate, clients *authority, before func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	server := httptest.NewUnstartedServer(gateway(t, target, before))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// A client certificate that expires is replaced on disk while the exporter runs.
func TestTLSWithACertificateThatIsReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a := newAuthority(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ca.pem"), a.pem(), 0o600))
	a.issue(t, "first", folder)
	loki := lokifake.Start(t, lokifake.Options{})
	var accepted atomic.Value
	accepted.Store("first")
	gateway := tlsGateway(t, loki.URL(), a.issue(t, "server", ""), a, func(w http.ResponseWriter, r *http.Request) bool {
		if r.TLS.PeerCertificates[0].Subject.CommonName == accepted.Load() {
			return false
		}
		w.Header().Set("Connection", "close") // The next request shows its certificate anew.
		http.Error(w, "expired", http.StatusForbidden)
		return true
	})
	e := run(t, gateway, byService+"tls: {ca_file: "+folder+"/ca.pem, cert_file: "+folder+"/cert.pem, key_file: "+folder+"/key.pem, reload_interval: 1ms}")
	e.send(t, service(t, "a", rec{body: "before"}))
	accepted.Store("second")
	s := e.begin(context.Background(), service(t, "a", rec{body: "waits for the new certificate"}))
	require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "403") > 2 }, patience, time.Millisecond)
	assert.True(t, s.waits())
	a.issue(t, "second", folder)
	require.NoError(t, s.wait(t))
	assert.Len(t, loki.Entries(""), 2)
}

func TestACertificateOfAnUnknownAuthorityIsNotTrusted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a := newAuthority(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ca.pem"), newAuthority(t).pem(), 0o600))
	a.issue(t, "client", folder)
	loki := lokifake.Start(t, lokifake.Options{})
	gateway := tlsGateway(t, loki.URL(), a.issue(t, "server", ""), a, func(http.ResponseWriter, *http.Request) bool { return false })
	e := run(t, gateway, byService+"tls: {ca_file: "+folder+"/ca.pem, cert_file: "+folder+"/cert.pem, key_file: "+folder+"/key.pem}")
	ctx, cancel := context.WithCancel(context.Background())
	s := e.begin(ctx, service(t, "a", rec{body: "x"}))
	require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "transport") > 2 }, patience, time.Millisecond)
	assert.Contains(t, e.everything(), "x509: certificate signed by unknown authority")
	assert.Zero(t, loki.Count())
	cancel()
	require.Error(t, s.wait(t))
}
