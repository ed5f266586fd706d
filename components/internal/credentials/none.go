// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	grpccredentials "google.golang.org/grpc/credentials"
)

// None is an extension that adds nothing to requests: that of an authenticator for which no credentials are set. So one
// configuration serves backends with and without.
type None struct {
	component.StartFunc
	component.ShutdownFunc
}

var (
	_ extension.Extension      = None{}
	_ extensionauth.HTTPClient = None{}
	_ extensionauth.GRPCClient = None{}
)

// RoundTripper implements extensionauth.HTTPClient.
func (None) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) { return base, nil }

// PerRPCCredentials implements extensionauth.GRPCClient.
func (None) PerRPCCredentials() (grpccredentials.PerRPCCredentials, error) { return nothing{}, nil }

type nothing struct{}

func (nothing) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{}, nil
}

func (nothing) RequireTransportSecurity() bool { return false }
