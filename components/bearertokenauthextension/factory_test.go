// SPDX-License-Identifier: Apache-2.0

package bearertokenauthextension

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
	require.NoError(t, os.WriteFile(filepath.Join(folder, "token"), []byte("\n  of-a-secret the old one\nanother\n"), 0o600))
	t.Chdir(folder)
	for _, tt := range []struct{ name, yaml, sends, invalid, says string }{
		{name: "from the configuration", yaml: `{token: t}`, sends: "Bearer t"},
		{name: "from a file", yaml: `{filename: token}`, sends: "Bearer of-a-secret"},
		{name: "from a file that upstream waits for", yaml: `{filename: token, wait_for_token_file: true, retry_on_failure: {enabled: true, interval: 1s}}`, sends: "Bearer of-a-secret"},
		{name: "another scheme", yaml: `{filename: token, scheme: Token}`, sends: "Token of-a-secret"},
		{name: "a variable that is not set", yaml: `{filename: ""}`},
		{name: "two of them", yaml: `{filename: "", token: ""}`},
		{name: "one that is null", yaml: `{filename: }`},
		{name: "nothing at all", yaml: `{}`, invalid: "no bearer token provided"},
		{name: "only a scheme", yaml: `{scheme: Token}`, invalid: "no bearer token provided"},
		{name: "an unknown key", yaml: `{filenam: token}`, invalid: "filenam"},
		{name: "a missing file", yaml: `{filename: tokn}`, says: "tokn: no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen *http.Request
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
			defer server.Close()
			var raw map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(tt.yaml), &raw))
			f := NewFactory()
			config := f.CreateDefaultConfig()
			err := confmap.NewFromStringMap(raw).Unmarshal(config)
			if err == nil {
				err = confmap.Validate(config)
			}
			if tt.invalid != "" {
				require.ErrorContains(t, err, tt.invalid)
				return
			}
			require.NoError(t, err)
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
				return
			}
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			assert.Equal(t, tt.sends, seen.Header.Get("Authorization"))
		})
	}
}

func TestAServerTakesEachTokenOfTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("one\ntwo # of the gateway\n"), 0o600))
	f := NewFactory()
	config := f.CreateDefaultConfig().(*Config)
	config.Filename = file
	made, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), config)
	require.NoError(t, err)
	server := made.(extensionauth.Server)
	asks := func(token string) error {
		_, err := server.Authenticate(t.Context(), map[string][]string{"Authorization": {"Bearer " + token}})
		return err
	}
	require.Error(t, asks("one"), "the file is not read yet")
	require.NoError(t, made.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, made.Shutdown(context.Background())) })
	require.NoError(t, asks("one"))
	require.NoError(t, asks("two"))
	require.Error(t, asks("three"))
}
