// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourcedetectionprocessor"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/resourcedetectionprocessor/internal/metadata"
)

// attributes are a resource as a test reads and writes it.
type attributes = map[string]any

// world is a fake of everything that detectors ask: each request to a metadata service ends here, whatever its address.
var world = newFakeWorld()

type fakeWorld struct {
	listener *net.TCPListener
	address  string
}

// Upstream has its addresses in its code and asks a proxy for most of them; the proxy is the fake. Ours asks no proxy,
// so that its dialer leads there. The variables have to be set before the first request of the process, and the address
// stays the same from test to test.
func newFakeWorld() *fakeWorld {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	w := &fakeWorld{listener: listener, address: listener.Addr().String()}
	dialMetadata = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, w.address)
	}
	for name, value := range map[string]string{
		"HTTP_PROXY": "http://" + w.address, "HTTPS_PROXY": "", "NO_PROXY": "",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://" + w.address,
		"AWS_ENDPOINT_URL_EC2":              "http://" + w.address,
		"AWS_ACCESS_KEY_ID":                 "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":             secret,
		"AWS_CONFIG_FILE":                   os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE":       os.DevNull,
		"GCE_METADATA_HOST":                 w.address,
	} {
		os.Setenv(name, value)
	}
	os.Unsetenv("AWS_CA_BUNDLE") // With it upstream cannot call the EC2 API.
	return w
}

// reusable is a listener that can be served again after it was closed.
type reusable struct{ *net.TCPListener }

func (r reusable) Close() error { return r.SetDeadline(time.Unix(1, 0)) }

func (r reusable) Accept() (net.Conn, error) {
	conn, err := r.TCPListener.Accept()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, net.ErrClosed // A timeout would be tried again.
	}
	return conn, err
}

// secret stands for each token and key in these tests; it must appear nowhere.
const secret = "s3cr3t-v4lue"

// replies are the paths of a fake service with what it says; all others are a 404.
type replies map[string]string

// is makes the world answer in this way until the test ends. A request must have the headers, given as name and value.
func (w *fakeWorld) is(t *testing.T, answers replies, headers ...string) {
	w.handle(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			if r.Header.Get(headers[i]) != headers[i+1] && r.Method != http.MethodPut {
				http.Error(rw, "missing header "+headers[i], http.StatusUnauthorized)
				return
			}
		}
		key := r.URL.Path
		if r.Method == http.MethodPut {
			key = "PUT " + key
			rw.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
		}
		answer, ok := answers[key]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		if strings.HasPrefix(answer, "{") || strings.HasPrefix(answer, "[") {
			rw.Header().Set("Content-Type", "application/json")
		}
		_, _ = rw.Write([]byte(answer))
	}))
}

// handle serves until the test ends.
func (w *fakeWorld) handle(t *testing.T, handler http.Handler) {
	require.NoError(t, w.listener.SetDeadline(time.Time{}))
	server := httptest.NewUnstartedServer(handler)
	require.NoError(t, server.Listener.Close())
	server.Listener = reusable{w.listener}
	server.Config.SetKeepAlivesEnabled(false)
	server.Start()
	t.Cleanup(server.Close)
}

// result is what a processor made of a resource, or why it did not start.
type result struct {
	resource attributes
	schema   string
	err      error
}

// run gives a resource to a processor that is configured as a user would, and returns what comes out.
func run(t *testing.T, factory processor.Factory, yaml string, in attributes) result {
	t.Helper()
	return runWith(t, factory, yaml, in, zap.NewNop())
}

func runWith(t *testing.T, factory processor.Factory, yaml string, in attributes, logger *zap.Logger) result {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	if err := fromYAML(t, yaml).Unmarshal(cfg); err != nil {
		return result{err: err}
	}
	if err := confmap.Validate(cfg); err != nil {
		return result{err: err}
	}
	set := processortest.NewNopSettings(metadata.Type)
	set.Logger = logger
	sink := new(consumertest.LogsSink)
	p, err := factory.CreateLogs(t.Context(), set, cfg, sink)
	if err != nil {
		return result{err: err}
	}
	defer func() { require.NoError(t, p.Shutdown(context.Background())) }()
	if err := p.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		return result{err: err}
	}
	logs := plog.NewLogs()
	require.NoError(t, logs.ResourceLogs().AppendEmpty().Resource().Attributes().FromRaw(in))
	require.NoError(t, p.ConsumeLogs(t.Context(), logs))
	out := sink.AllLogs()[0].ResourceLogs().At(0)
	return result{resource: out.Resource().Attributes().AsRaw(), schema: out.SchemaUrl()}
}

// ours runs our processor.
func ours(t *testing.T, yaml string, in attributes) result {
	t.Helper()
	return run(t, NewFactory(), yaml, in)
}

// theirs runs the processor of upstream.
func theirs(t *testing.T, yaml string, in attributes) result {
	t.Helper()
	return run(t, upstream.NewFactory(), yaml, in)
}

// same runs both and demands one result, which it returns.
func same(t *testing.T, yaml string, in attributes) result {
	t.Helper()
	want, got := theirs(t, yaml, in), ours(t, yaml, in)
	require.Equal(t, want.err == nil, got.err == nil, "upstream: %v\nours: %v", want.err, got.err)
	require.Equal(t, want.resource, got.resource)
	require.Equal(t, want.schema, got.schema)
	return got
}

func fromYAML(t *testing.T, text string) *confmap.Conf {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}

// setenv sets variables of the form NAME=value for one test.
func setenv(t *testing.T, variables ...string) {
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}
