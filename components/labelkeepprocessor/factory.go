// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

// NewFactory returns the factory of the processor `label_keep`. It handles logs only.
func NewFactory() processor.Factory {
	return processor.NewFactory(
		metadata.Type,
		createDefaultConfig,
		processor.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	k, err := newKeeper(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, k.processLogs,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}))
}
