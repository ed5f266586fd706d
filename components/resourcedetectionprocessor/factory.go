// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/collector/processor/xprocessor"

	"github.com/tributary-otel/tributary/components/resourcedetectionprocessor/internal/metadata"
)

var capabilities = processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true})

// NewFactory returns the factory of the processor `resource_detection`, also known as `resourcedetection`, for logs,
// metrics and traces.
func NewFactory() processor.Factory {
	f := &factory{providers: map[component.ID]*provider{}}
	return xprocessor.NewFactory(metadata.Type, createDefaultConfig,
		xprocessor.WithDeprecatedTypeAlias(metadata.DeprecatedType),
		xprocessor.WithLogs(f.createLogs, metadata.LogsStability),
		xprocessor.WithMetrics(f.createMetrics, metadata.MetricsStability),
		xprocessor.WithTraces(f.createTraces, metadata.TracesStability))
}

// factory gives one provider to all pipelines that name the same processor.
type factory struct {
	mu        sync.Mutex
	providers map[component.ID]*provider
}

func (f *factory) createLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	p, err := f.newProcessor(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, p.processLogs, capabilities,
		processorhelper.WithStart(p.start), processorhelper.WithShutdown(p.shutdown))
}

func (f *factory) createMetrics(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	p, err := f.newProcessor(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return processorhelper.NewMetrics(ctx, set, cfg, next, p.processMetrics, capabilities,
		processorhelper.WithStart(p.start), processorhelper.WithShutdown(p.shutdown))
}

func (f *factory) createTraces(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	p, err := f.newProcessor(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return processorhelper.NewTraces(ctx, set, cfg, next, p.processTraces, capabilities,
		processorhelper.WithStart(p.start), processorhelper.WithShutdown(p.shutdown))
}

func (f *factory) newProcessor(set processor.Settings, cfg *Config) (*resourceDetectionProcessor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	shared, ok := f.providers[set.ID]
	if !ok {
		var err error
		if shared, err = newProvider(set, cfg); err != nil {
			return nil, err
		}
		f.providers[set.ID] = shared
	}
	shared.users++
	return &resourceDetectionProcessor{
		provider: shared,
		override: cfg.Override,
		release:  sync.OnceFunc(func() { f.release(set.ID, shared) }),
	}, nil
}

// release ends the provider with its last user.
func (f *factory) release(id component.ID, shared *provider) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if shared.users--; shared.users > 0 {
		return
	}
	if f.providers[id] == shared {
		delete(f.providers, id)
	}
	shared.stop()
}
