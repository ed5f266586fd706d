// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/tests/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host remembers the status.
type host struct {
	component.Host
	mu     sync.Mutex
	events []string
}

func (h *host) Report(e *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := e.Status().String()
	if e.Err() != nil {
		text += ": " + e.Err().Error()
	}
	h.events = append(h.events, text)
}

func (h *host) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.events...)
}

// keyed puts what the files hold into a header.
type keyed struct {
	component.StartFunc
	component.ShutdownFunc
	key string
}

func (k keyed) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return round(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("Key", k.key)
		return base.RoundTrip(req)
	}), nil
}

func (k keyed) PerRPCCredentials() (grpccredentials.PerRPCCredentials, error) { return rpc(k), nil }

type round func(*http.Request) (*http.Response, error)

func (r round) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

type rpc keyed

func (r rpc) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"key": r.key}, nil
}

func (rpc) RequireTransportSecurity() bool { return true }

// mount is a volume as the kubelet keeps a Secret in it: links to ..data, which is a link to a folder and replaced as a whole.
type mount struct {
	t      *testing.T
	folder string
	n      int
}

func (m *mount) hold(keys map[string]string) {
	m.n++
	version := filepath.Join(m.folder, "..version"+strings.Repeat("i", m.n))
	require.NoError(m.t, os.Mkdir(version, 0o755))
	for key, value := range keys {
		require.NoError(m.t, os.WriteFile(filepath.Join(version, key), []byte(value), 0o600))
		link := filepath.Join(m.folder, key)
		if _, err := os.Lstat(link); err != nil {
			require.NoError(m.t, os.Symlink(filepath.Join("..data", key), link))
		}
	}
	before, _ := os.Readlink(filepath.Join(m.folder, "..data"))
	next := filepath.Join(m.folder, "..data_tmp")
	require.NoError(m.t, os.Symlink(filepath.Base(version), next))
	require.NoError(m.t, os.Rename(next, filepath.Join(m.folder, "..data")))
	if before != "" {
		require.NoError(m.t, os.RemoveAll(filepath.Join(m.folder, before)))
	}
	entries, err := os.ReadDir(m.folder)
	require.NoError(m.t, err)
	for _, entry := range entries {
		if _, ok := keys[entry.Name()]; !ok && !strings.HasPrefix(entry.Name(), "..") {
			require.NoError(m.t, os.Remove(filepath.Join(m.folder, entry.Name())))
		}
	}
}

// Each row goes on from the one before.
func TestRequestsWaitForWhatIsInFiles(t *testing.T) {
	var seen string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Get("Key") }))
	defer server.Close()
	m := &mount{t: t, folder: filepath.Join(t.TempDir(), "tributary")}
	user, password := filepath.Join(m.folder, "username"), filepath.Join(m.folder, "password")
	a := New(Options{
		Files: []string{user, password}, Logger: zap.NewNop(),
		Make: func(_ context.Context, contents []string) (extension.Extension, error) {
			if contents[1] == "impossible" {
				return nil, errors.New("this is no password")
			}
			return keyed{key: strings.Join(contents, ":")}, nil
		},
	})
	rt, err := a.RoundTripper(http.DefaultTransport)
	require.NoError(t, err)
	client := &http.Client{Transport: rt}
	defer client.CloseIdleConnections()
	perRPC, err := a.PerRPCCredentials()
	require.NoError(t, err)
	// send returns what the server saw of a request, or why it was not sent.
	send := func() string {
		seen = "nothing"
		response, err := client.Post(server.URL, "text/plain", strings.NewReader("x"))
		over, rpcErr := perRPC.GetRequestMetadata(t.Context())
		if err != nil {
			assert.Equal(t, "nothing", seen, "nothing is sent")
			assert.Equal(t, codes.Unavailable, status.Code(rpcErr), "it is tried again")
			assert.Contains(t, err.Error(), strings.TrimPrefix(rpcErr.Error(), "rpc error: code = Unavailable desc = "))
			return err.Error()
		}
		require.NoError(t, rpcErr)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, map[string]string{"key": seen}, over)
		return seen
	}
	assert.Contains(t, send(), "not started")
	listener := &host{Host: componenttest.NewNopHost()}
	require.NoError(t, a.Start(t.Context(), listener))
	t.Cleanup(func() { require.NoError(t, a.Shutdown(context.Background())) })
	for _, step := range []struct {
		what string
		do   func()
		says string
	}{
		{"no volume", func() {}, "there is no folder " + m.folder + " either; in Kubernetes mount the Secret there"},
		{"no Secret", func() { require.NoError(t, os.Mkdir(m.folder, 0o755)) }, m.folder + " is empty; in Kubernetes create the Secret"},
		{"a wrong key", func() { m.hold(map[string]string{"username": "u", "pasword": "p"}) }, "in " + m.folder + " there is pasword, username; in Kubernetes the Secret needs the key"},
		{"an empty key", func() { m.hold(map[string]string{"username": "u", "password": "\n"}) }, "password: the file is empty"},
		{"a wrong value", func() { m.hold(map[string]string{"username": "u", "password": "impossible"}) }, "this is no password"},
		{"all of it", func() { m.hold(map[string]string{"username": " u\n", "password": "p\n"}) }, "u:p"},
		{"another password", func() { m.hold(map[string]string{"username": "u", "password": "q"}) }, "u:q"},
		{"another wrong value", func() { m.hold(map[string]string{"username": "u", "password": "impossible"}) }, "u:q"},
		{"the Secret is deleted", func() { m.hold(nil) }, "u:q"},
		{"and made anew", func() { m.hold(map[string]string{"username": "v", "password": "r"}) }, "v:r"},
	} {
		step.do()
		var said string
		testkit.Eventually(t, testkit.StartTimeout, step.what, func() bool { said = send(); return strings.Contains(said, step.says) })
	}
	told := listener.told()
	require.Len(t, told, 2, "it is not said each second: %q", told)
	assert.Contains(t, told[0], "StatusRecoverableError: stat "+user)
	assert.Contains(t, told[0], "stat "+password, "all that is missing is said")
	assert.Equal(t, "StatusOK", told[1])
	require.NoError(t, a.Shutdown(t.Context()))
	assert.Contains(t, send(), "shut down")
}

func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	folder := t.TempDir()
	large := filepath.Join(folder, "large")
	require.NoError(t, os.WriteFile(large, make([]byte, maxBytes+1), 0o600))
	for path, says := range map[string]string{
		folder: "it is no file", large: "larger than 65536 bytes", "/dev/zero": "it is no file", filepath.Join(large, "x"): "not a directory",
	} {
		_, err := read(path)
		require.ErrorContains(t, err, says, path)
	}
}

func TestNoneAddsNothing(t *testing.T) {
	rt, err := None{}.RoundTripper(http.DefaultTransport)
	require.NoError(t, err)
	assert.Equal(t, http.DefaultTransport, rt)
	perRPC, err := None{}.PerRPCCredentials()
	require.NoError(t, err)
	metadata, err := perRPC.GetRequestMetadata(t.Context())
	require.NoError(t, err)
	assert.Empty(t, metadata)
	assert.False(t, perRPC.RequireTransportSecurity())
}

var _ extensionauth.HTTPClient = keyed{}
