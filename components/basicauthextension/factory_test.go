// SPDX-License-Identifier: Apache-2.0

package basicauthextension

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatAClientSends(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"user": "somebody\n", "password": "of-a-secret\n", "colon": "a:b"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	t.Chdir(folder)
	for _, tt := range []struct{ name, yaml, user, password, says string }{
		{name: "both from the configuration", yaml: `{username: u, password: p}`, user: "u", password: "p"},
		{name: "both from files", yaml: `{username_file: user, password_file: password}`, user: "somebody", password: "of-a-secret"},
		{name: "a file wins", yaml: `{username: u, password: p, password_file: password}`, user: "u", password: "of-a-secret"},
		{name: "a user from a file", yaml: `{username_file: user, password: p}`, user: "somebody", password: "p"},
		{name: "no password", yaml: `{username: u}`, user: "u"},
		{name: "neither", yaml: `{username: "", password_file: ""}`},
		{name: "a missing file", yaml: `{username: u, password_file: passwd}`, says: "passwd: no such file or directory"},
		{name: "a user that cannot be sent", yaml: `{username_file: colon, password: p}`, says: "invalid authorization format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen *http.Request
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
			defer server.Close()
			var raw map[string]any
			require.NoError(t, yaml.Unmarshal([]byte("client_auth: "+tt.yaml), &raw))
			f := NewFactory()
			config := f.CreateDefaultConfig()
			require.NoError(t, confmap.NewFromStringMap(raw).Unmarshal(config))
			require.NoError(t, confmap.Validate(config))
			e, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), config)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
			t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
			rt, err := e.(extensionauth.HTTPClient).RoundTripper(http.DefaultTransport)
			require.NoError(t, err)
			client := &http.Client{Transport: rt}
			response, err := client.Get(server.URL)
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
				require.NotContains(t, err.Error(), "of-a-secret")
				return
			}
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			user, password, sent := seen.BasicAuth()
			assert.Equal(t, tt.user+tt.password != "", sent)
			assert.Equal(t, tt.user, user)
			assert.Equal(t, tt.password, password)
		})
	}
}

func TestAServerIsUpstreams(t *testing.T) {
	f := NewFactory()
	config := f.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"htpasswd": map[string]any{"inline": "u:p"}}).Unmarshal(config))
	e, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), config)
	require.NoError(t, err)
	assert.Implements(t, (*extensionauth.Server)(nil), e)
}
