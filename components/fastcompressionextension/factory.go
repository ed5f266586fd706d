// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/tributary-otel/tributary/components/fastcompressionextension/internal/metadata"
)

// NewFactory returns the factory of the extension `fast_compression`.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, _ extension.Settings, config component.Config) (extension.Extension, error) {
	return newFastCompression(config.(*Config)), nil
}
