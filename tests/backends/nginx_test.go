// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// nginx takes the file that is shipped, and Grafana sees the name, the scheme and the upgrade that it needs.
func TestNginxInFrontOfGrafana(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("needs nginx: apt-get install nginx-light")
	}
	var seen http.Header
	var host string
	grafana := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, host = r.Header, r.Host }))
	defer grafana.Close()

	dir := t.TempDir()
	certificate(t, filepath.Join(dir, "grafana.crt"), filepath.Join(dir, "grafana.key"))
	port, plain := testkit.FreePort(t), testkit.FreePort(t)
	config := read(t, server("grafana-nodeport", "nginx.conf"))
	require.Equal(t, 2, strings.Count(config, ":31094 max_fails"), "the nodes")
	config = strings.NewReplacer(
		"/etc/nginx/tls", dir, "listen 443", fmt.Sprintf("listen 127.0.0.1:%d", port), "listen 80", fmt.Sprintf("listen 127.0.0.1:%d", plain),
		"listen [::]:443 ssl;", "", "listen [::]:80;", "",
		"192.0.2.11:31094", grafana.Listener.Addr().String(), "server 192.0.2.12:31094", "# server 192.0.2.12:31094",
	).Replace(config)
	file := filepath.Join(dir, "nginx.conf")
	main := "daemon off; master_process off; error_log stderr; pid " + dir + "/pid; events {}\nhttp { access_log off;\n"
	for _, temporary := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		main += temporary + "_temp_path " + filepath.Join(dir, temporary) + ";\n"
	}
	require.NoError(t, os.WriteFile(file, []byte(main+config+"}\n"), 0o600))
	out, err := exec.Command(nginx, "-t", "-p", dir, "-c", file).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.NotContains(t, string(out), "[warn]")

	testkit.Start(t, testkit.Options{Path: nginx, Args: []string{"-p", dir, "-c", file}})
	client := http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // The test's own certificate.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request := func(address string, header http.Header) (status int, location string) {
		r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
		require.NoError(t, err)
		r.Host, r.Header = "grafana.example.org", header
		response, err := client.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		return response.StatusCode, response.Header.Get("Location")
	}
	testkit.Eventually(t, testkit.StartTimeout, "nginx to answer", func() bool {
		status, _ := request(fmt.Sprintf("https://127.0.0.1:%d/", port), http.Header{})
		return status == http.StatusOK
	})
	assert.Equal(t, "grafana.example.org", host)
	assert.Equal(t, "https", seen.Get("X-Forwarded-Proto"))
	assert.Equal(t, "127.0.0.1", seen.Get("X-Real-IP"))
	assert.Empty(t, seen.Get("Upgrade"))
	status, _ := request(fmt.Sprintf("https://127.0.0.1:%d/api/live/ws", port), http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "websocket", seen.Get("Upgrade"))
	assert.Equal(t, "upgrade", seen.Get("Connection"))
	status, location := request(fmt.Sprintf("http://127.0.0.1:%d/d/tributary", plain), http.Header{})
	assert.Equal(t, http.StatusMovedPermanently, status)
	assert.Equal(t, "https://grafana.example.org/d/tributary", location)
}

// certificate writes one that nobody but this test trusts.
func certificate(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"grafana.example.org"}, NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	require.NoError(t, err)
	raw, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600))
}
