// SPDX-License-Identifier: Apache-2.0

// Package trust makes a HTTP client follow the file with the certificates that it trusts: a server is verified by what
// the file holds, not by what it held when the process started. So a certificate authority can be replaced while lines
// wait for it, and nobody has to restart anything.
package trust

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.uber.org/zap"
)

// interval is how often the file is looked at, while requests are made.
const interval = 10 * time.Second

// middleware is the name under which the follower stands among the middlewares, the innermost of them.
var middleware = component.MustNewIDWithName("trust", "ca_file")

// Follow makes the client that a configuration describes follow its tls::ca_file, if it has one. It adds to the
// configuration, and returns the extensions that the client is to be made with.
func Follow(config *confighttp.ClientConfig, extensions map[component.ID]component.Component, logger *zap.Logger) map[component.ID]component.Component {
	if config.TLS.CAFile == "" {
		return extensions
	}
	// Making the client reports a file that cannot be read.
	content, _ := os.ReadFile(config.TLS.CAFile)
	extensions = maps.Clone(extensions)
	if extensions == nil {
		extensions = map[component.ID]component.Component{}
	}
	extensions[middleware] = &follower{settings: config.TLS, content: content, looked: time.Now(), logger: logger}
	config.Middlewares = append(slices.Clone(config.Middlewares), configmiddleware.Config{ID: middleware})
	return extensions
}

// follower hands requests to a transport that trusts what the file holds.
type follower struct {
	component.StartFunc
	component.ShutdownFunc

	settings configtls.ClientConfig
	logger   *zap.Logger

	mu        sync.Mutex
	transport *http.Transport
	// content is what the file held when it was looked at last, good or not.
	content []byte
	looked  time.Time
}

var _ extensionmiddleware.HTTPClient = (*follower)(nil)

// GetHTTPRoundTripper is called once, with the transport that everything else goes through.
func (f *follower) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
		transport, ok := next.(*http.Transport)
		if !ok {
			return nil, fmt.Errorf("follow tls::ca_file: %T has no certificates", next)
		}
		f.transport = transport
		return f, nil
	}, nil
}

// RoundTrip implements http.RoundTripper.
func (f *follower) RoundTrip(req *http.Request) (*http.Response, error) {
	return f.current().RoundTrip(req)
}

// CloseIdleConnections is looked for by http.Client.
func (f *follower) CloseIdleConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.transport.CloseIdleConnections()
}

// current returns the transport to use. It is another one when the file has changed, because a transport must not be
// changed while it is in use. A file that is not whole, or gone, changes nothing.
func (f *follower) current() *http.Transport {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) < interval {
		return f.transport
	}
	f.looked = time.Now()
	content, err := os.ReadFile(f.settings.CAFile)
	if err == nil && bytes.Equal(content, f.content) {
		return f.transport
	}
	f.content = content
	var loaded *tls.Config
	if err == nil {
		loaded, err = f.settings.LoadTLSConfig(context.Background())
	}
	if err != nil {
		f.logger.Warn("The certificates that are trusted cannot be read; the old ones are used", zap.String("ca_file", f.settings.CAFile), zap.Error(err))
		return f.transport
	}
	f.logger.Info("The certificates that are trusted have changed", zap.String("ca_file", f.settings.CAFile))
	old := f.transport
	f.transport = old.Clone()
	f.transport.TLSClientConfig.RootCAs = loaded.RootCAs
	old.CloseIdleConnections()
	return f.transport
}
