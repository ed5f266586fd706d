// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/tributary-otel/tributary/components/k8spodsextension/internal/metadata"
)

// NewFactory returns the factory of the extension `k8s_pods`.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	return newK8sPods(set, config.(*Config))
}
