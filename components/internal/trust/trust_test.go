// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stranger is the certificate of an authority that has nothing to do with the server.
func stranger(t *testing.T) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return encoded(der)
}

func encoded(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Each row goes on from the one before.
func TestAServerIsTrustedWhenTheFileSaysSo(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	right, wrong := encoded(server.Certificate().Raw), stranger(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, wrong, 0o600))

	config := confighttp.NewDefaultClientConfig()
	config.TLS.CAFile = file
	extensions := Follow(&config, nil, zap.NewNop(), nil)
	client, err := config.ToClient(t.Context(), extensions, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	follower := extensions[middleware].(*follower)
	defer follower.CloseIdleConnections()
	trusts := func() bool {
		response, err := client.Get(server.URL)
		if err == nil {
			_ = response.Body.Close()
			return true
		}
		require.ErrorContains(t, err, "unknown authority")
		return false
	}
	assert.False(t, trusts(), "another authority is in the file")
	require.NoError(t, os.WriteFile(file, right, 0o600))
	assert.False(t, trusts(), "the file is not looked at all the time")
	for _, step := range []struct {
		what    string
		content []byte
		trusts  bool
	}{
		{"the right authority", right, true},
		{"half a file", right[:len(right)/2], true},
		{"an empty file", nil, true},
		{"both authorities", append(wrong, right...), true},
		{"the wrong authority", wrong, false},
		{"half a file again", wrong[:len(wrong)/2], false},
	} {
		require.NoError(t, os.WriteFile(file, step.content, 0o600))
		follower.looked = time.Time{}
		assert.Equal(t, step.trusts, trusts(), step.what)
	}
	require.NoError(t, os.Remove(file))
	follower.looked = time.Time{}
	assert.False(t, trusts(), "no file")
}

// A Secret may be created after the collector has started. Each row goes on from the one before.
func TestNobodyIsTrustedBeforeTheFileIsThere(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	config := confighttp.NewDefaultClientConfig()
	config.TLS.CAFile = file
	var told []string
	extensions := Follow(&config, nil, zap.NewNop(), func(err error) {
		if err == nil {
			told = append(told, "well")
			return
		}
		told = append(told, err.Error())
	})
	client, err := config.ToClient(t.Context(), extensions, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	follower := extensions[middleware].(*follower)
	defer follower.CloseIdleConnections()
	assert.Empty(t, told, "nothing is sent yet")
	for _, step := range []struct {
		what    string
		content []byte
		says    string
	}{
		{"there is no file", nil, "ca.pem: no such file or directory"},
		{"half a file", []byte("-----BEGIN CERT"), "failed to parse"},
		{"another authority", stranger(t), "unknown authority"},
		{"the right one", encoded(server.Certificate().Raw), ""},
	} {
		if step.content != nil {
			require.NoError(t, os.WriteFile(file, step.content, 0o600))
		}
		follower.looked = time.Time{}
		response, err := client.Get(server.URL)
		if step.says == "" {
			require.NoError(t, err, step.what)
			require.NoError(t, response.Body.Close())
			continue
		}
		require.ErrorContains(t, err, step.says, step.what)
	}
	require.Len(t, told, 2)
	assert.Contains(t, told[0], "ca.pem")
	assert.Equal(t, "well", told[1])
}
