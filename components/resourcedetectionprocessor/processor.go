// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// resourceDetectionProcessor is the processor of one pipeline.
type resourceDetectionProcessor struct {
	provider *provider
	override bool
	release  func()
}

func (p *resourceDetectionProcessor) start(ctx context.Context, host component.Host) error {
	return p.provider.start(ctx, host)
}

func (p *resourceDetectionProcessor) shutdown(context.Context) error {
	p.release()
	return nil
}

func (p *resourceDetectionProcessor) processLogs(_ context.Context, logs plog.Logs) (plog.Logs, error) {
	found := p.provider.get()
	for _, r := range logs.ResourceLogs().All() {
		r.SetSchemaUrl(mergeSchemaURL(r.SchemaUrl(), found.schemaURL))
		mergeAttributes(r.Resource().Attributes(), found.resource.Attributes(), p.override)
	}
	return logs, nil
}

func (p *resourceDetectionProcessor) processMetrics(_ context.Context, metrics pmetric.Metrics) (pmetric.Metrics, error) {
	found := p.provider.get()
	for _, r := range metrics.ResourceMetrics().All() {
		r.SetSchemaUrl(mergeSchemaURL(r.SchemaUrl(), found.schemaURL))
		mergeAttributes(r.Resource().Attributes(), found.resource.Attributes(), p.override)
	}
	return metrics, nil
}

func (p *resourceDetectionProcessor) processTraces(_ context.Context, traces ptrace.Traces) (ptrace.Traces, error) {
	found := p.provider.get()
	for _, r := range traces.ResourceSpans().All() {
		r.SetSchemaUrl(mergeSchemaURL(r.SchemaUrl(), found.schemaURL))
		mergeAttributes(r.Resource().Attributes(), found.resource.Attributes(), p.override)
	}
	return traces, nil
}
