// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/tributary-otel/tributary/components/journaldreceiver/internal/metadata"
)

// NewFactory returns the factory of the receiver `journald`.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(_ context.Context, set receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
	return newReceiver(set, config.(*Config), next)
}
