// SPDX-License-Identifier: Apache-2.0

// Package trust makes a HTTP client follow the file with the certificates that it trusts: a server is verified by what
// the file holds, not by what it held when the process started. So a certificate authority can be replaced, or come late,
// while lines wait for it, and nobody has to restart anything. Without the file nothing is sent to anybody.
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

const (
	// interval is how often the file is looked at, while requests are made.
	interval = 10 * time.Second
	// soon is how often it is while it is missing.
	soon = time.Second
)

// middleware is the name under which the follower stands among the middlewares, the innermost of them.
var middleware = component.MustNewIDWithName("trust", "ca_file")

// Follow makes the client that a configuration describes follow its tls::ca_file, if it has one. It adds to the
// configuration, and returns the extensions that the client is to be made with. A file that cannot be read does not keep
// the client from being made: its requests fail until it can. status, if it is not nil, is told the first of these
// failures, and nil when it is over.
func Follow(
	config *confighttp.ClientConfig, extensions map[component.ID]component.Component, logger *zap.Logger, status func(error),
) map[component.ID]component.Component {
	if config.TLS.CAFile == "" {
		return extensions
	}
	extensions = maps.Clone(extensions)
	if extensions == nil {
		extensions = map[component.ID]component.Component{}
	}
	f := &follower{settings: config.TLS, looked: time.Now(), logger: logger, status: status}
	f.content, _ = os.ReadFile(config.TLS.CAFile)
	if f.missing = readable(config.TLS.CAFile); f.missing != nil {
		logger.Warn("The certificates that are to be trusted are missing. Nothing is sent until they are there; they are looked for each second",
			zap.String("ca_file", config.TLS.CAFile), zap.Error(f.missing))
		config.TLS.CAFile = ""
	}
	extensions[middleware] = f
	config.Middlewares = append(slices.Clone(config.Middlewares), configmiddleware.Config{ID: middleware})
	return extensions
}

// readable returns why a file of certificates cannot be used.
func readable(file string) error {
	_, err := configtls.ClientConfig{Config: configtls.Config{CAFile: file}}.LoadTLSConfig(context.Background())
	return err
}

// follower hands requests to a transport that trusts what the file holds.
type follower struct {
	component.StartFunc
	component.ShutdownFunc

	settings configtls.ClientConfig
	logger   *zap.Logger
	status   func(error)

	mu        sync.Mutex
	transport *http.Transport
	// content is what the file held when it was looked at last, good or not.
	content []byte
	looked  time.Time
	// missing is why there are no certificates yet, nil when there are. told says that the status was told so.
	missing error
	told    bool
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
	transport, err := f.current()
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, fmt.Errorf("trust the server: %w", err)
	}
	return transport.RoundTrip(req)
}

// CloseIdleConnections is looked for by http.Client.
func (f *follower) CloseIdleConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.transport.CloseIdleConnections()
}

// current returns the transport to use. It is another one when the file has changed, because a transport must not be
// changed while it is in use. A file that is not whole, or gone, changes nothing. One that was never there is an error.
func (f *follower) current() (*http.Transport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait := interval
	if f.missing != nil {
		wait = soon
	}
	if time.Since(f.looked) >= wait {
		f.looked = time.Now()
		f.look()
	}
	if f.told != (f.missing != nil) && f.status != nil {
		f.told = f.missing != nil
		f.status(f.missing)
	}
	return f.transport, f.missing
}

func (f *follower) look() {
	content, err := os.ReadFile(f.settings.CAFile)
	if err == nil && f.missing == nil && bytes.Equal(content, f.content) {
		return
	}
	f.content = content
	var loaded *tls.Config
	if err == nil {
		loaded, err = f.settings.LoadTLSConfig(context.Background())
	}
	if err != nil {
		if f.missing != nil {
			f.missing = err
			return
		}
		f.logger.Warn("The certificates that are trusted cannot be read; the old ones are used", zap.String("ca_file", f.settings.CAFile), zap.Error(err))
		return
	}
	f.logger.Info("The certificates that are trusted have changed", zap.String("ca_file", f.settings.CAFile))
	f.missing = nil
	old := f.transport
	f.transport = old.Clone()
	if f.transport.TLSClientConfig == nil {
		f.transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	f.transport.TLSClientConfig.RootCAs = loaded.RootCAs
	old.CloseIdleConnections()
}
