// SPDX-License-Identifier: Apache-2.0

package bearertokenauthextension

import (
	"context"
	"fmt"
	"strings"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"

	"github.com/tributary-otel/tributary/components/internal/credentials"
)

type factory struct{ extension.Factory }

// NewFactory returns the factory of the extension `bearertokenauth`.
func NewFactory() extension.Factory { return factory{upstream.NewFactory()} }

// CreateDefaultConfig implements component.Factory.
func (f factory) CreateDefaultConfig() component.Config {
	return createDefaultConfig(f.Factory.CreateDefaultConfig())
}

// Create implements extension.Factory.
func (f factory) Create(ctx context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	c := config.(*Config)
	switch {
	case c.nothing:
		return credentials.None{}, nil
	case c.Filename == "" || c.WaitForTokenFile:
		return f.Factory.Create(ctx, set, c.upstream())
	}
	return &auth{credentials.New(credentials.Options{
		Files: []string{c.Filename}, Logger: set.Logger,
		Make: func(ctx context.Context, contents []string) (extension.Extension, error) {
			own := upstream.Config{Header: c.Header, Scheme: c.Scheme, Tokens: tokens(contents[0])}
			return f.Factory.Create(ctx, set, &own)
		},
	})}, nil
}

// tokens reads a file as upstream does: one a line, and what is behind it is a comment.
func tokens(content string) (all []configopaque.String) {
	for line := range strings.Lines(content) {
		if fields := strings.Fields(line); len(fields) > 0 {
			all = append(all, configopaque.String(fields[0]))
		}
	}
	return all
}

// auth also authenticates what a server is sent.
type auth struct{ *credentials.Auth }

var _ extensionauth.Server = (*auth)(nil)

// Authenticate implements extensionauth.Server.
func (a *auth) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	current, err := a.Current()
	if err != nil {
		return ctx, fmt.Errorf("authenticate: %w", err)
	}
	return current.(extensionauth.Server).Authenticate(ctx, sources)
}
