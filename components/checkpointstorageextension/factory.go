// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

// NewFactory returns the factory of the extension `checkpoint_storage`.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	return newStorage(set, config.(*Config))
}
