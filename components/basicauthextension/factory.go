// SPDX-License-Identifier: Apache-2.0

package basicauthextension

import (
	"context"
	"net/http"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension"

	"github.com/tributary-otel/tributary/components/internal/credentials"
)

type factory struct{ extension.Factory }

// NewFactory returns the factory of the extension `basicauth`.
func NewFactory() extension.Factory { return factory{upstream.NewFactory()} }

// Create implements extension.Factory.
func (f factory) Create(ctx context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	c := config.(*upstream.Config)
	client := c.ClientAuth
	if client == nil || c.Htpasswd != nil {
		return f.Factory.Create(ctx, set, config)
	}
	var files []string
	for _, file := range []string{client.UsernameFile, client.PasswordFile} {
		if file != "" {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		if client.Username == "" && client.Password == "" {
			return credentials.None{}, nil
		}
		return f.Factory.Create(ctx, set, config)
	}
	return credentials.New(credentials.Options{
		Files: files, Logger: set.Logger,
		Make: func(ctx context.Context, contents []string) (extension.Extension, error) {
			own := *client
			if own.UsernameFile != "" {
				own.Username, contents, own.UsernameFile = contents[0], contents[1:], ""
			}
			if own.PasswordFile != "" {
				own.Password, own.PasswordFile = configopaque.String(contents[0]), ""
			}
			return f.checked(ctx, set, &upstream.Config{ClientAuth: &own})
		},
	}), nil
}

// checked makes upstream's extension, and fails where that would fail at each request.
func (f factory) checked(ctx context.Context, set extension.Settings, config *upstream.Config) (extension.Extension, error) {
	made, err := f.Factory.Create(ctx, set, config)
	if err != nil {
		return nil, err
	}
	if client, ok := made.(interface {
		RoundTripper(http.RoundTripper) (http.RoundTripper, error)
	}); ok {
		_, err = client.RoundTripper(http.DefaultTransport)
	}
	return made, err
}
