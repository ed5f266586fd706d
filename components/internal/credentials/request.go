// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/extension/extensionauth"
	"google.golang.org/grpc/codes"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// Current returns the extension that authenticates, or what is missing.
func (a *Auth) Current() (any, error) {
	if made := a.current.Load(); made != nil {
		return made.Extension, nil
	}
	return nil, *a.why.Load()
}

// RoundTripper implements extensionauth.HTTPClient.
func (a *Auth) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	return &transport{auth: a, base: base}, nil
}

type transport struct {
	auth *Auth
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	next, err := t.next()
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, fmt.Errorf("authenticate: %w", err)
	}
	return next.RoundTrip(req)
}

func (t *transport) next() (http.RoundTripper, error) {
	current, err := t.auth.Current()
	if err != nil {
		return nil, err
	}
	client, ok := current.(extensionauth.HTTPClient)
	if !ok {
		return nil, fmt.Errorf("%T does not authenticate HTTP requests", current)
	}
	return client.RoundTripper(t.base)
}

// CloseIdleConnections is looked for by http.Client.
func (t *transport) CloseIdleConnections() {
	if closer, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// PerRPCCredentials implements extensionauth.GRPCClient.
func (a *Auth) PerRPCCredentials() (grpccredentials.PerRPCCredentials, error) {
	return perRPC{a}, nil
}

type perRPC struct{ auth *Auth }

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (p perRPC) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	metadata, err := p.metadata(ctx, uri)
	if err != nil {
		// Any other error would be that the server does not know who asks, which clients take for its last word.
		return nil, status.Errorf(codes.Unavailable, "authenticate: %v", err)
	}
	return metadata, nil
}

func (p perRPC) metadata(ctx context.Context, uri []string) (map[string]string, error) {
	current, err := p.auth.Current()
	if err != nil {
		return nil, err
	}
	client, ok := current.(extensionauth.GRPCClient)
	if !ok {
		return nil, fmt.Errorf("%T does not authenticate RPCs", current)
	}
	made, err := client.PerRPCCredentials()
	if err != nil {
		return nil, err
	}
	return made.GetRequestMetadata(ctx, uri...)
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: nobody between may read a secret.
func (perRPC) RequireTransportSecurity() bool { return true }
