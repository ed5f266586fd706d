// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

// fastCompression is the extension. All exporters that name it share its encoders.
type fastCompression struct {
	component.StartFunc
	component.ShutdownFunc

	encoders *encoders // nil for `none`
}

var _ extensionmiddleware.HTTPClient = (*fastCompression)(nil)

func newFastCompression(config *Config) *fastCompression {
	if config.Compression == codingNone {
		return &fastCompression{}
	}
	return &fastCompression{encoders: newEncoders(config.Compression)}
}

// GetHTTPRoundTripper is called by each HTTP exporter that has the extension among
// its `middlewares`.
func (f *fastCompression) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
		if f.encoders == nil {
			return next, nil
		}
		return &transport{next: next, encoders: f.encoders}, nil
	}, nil
}
