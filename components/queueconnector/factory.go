// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/tributary-otel/tributary/components/queueconnector/internal/metadata"
)

// NewFactory returns the factory of the connector `queue`, from logs to logs.
func NewFactory() connector.Factory {
	return connector.NewFactory(metadata.Type, createDefaultConfig,
		connector.WithLogsToLogs(createLogs, metadata.LogsToLogsStability))
}

func createLogs(
	ctx context.Context, set connector.Settings, config component.Config, next consumer.Logs,
) (connector.Logs, error) {
	return newQueue(ctx, set, config.(*Config), next)
}
