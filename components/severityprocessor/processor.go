// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tributary-otel/tributary/components/severityprocessor/internal/metadata"
)

// outcome is what became of the severity of a record.
type outcome int

const (
	alreadySet outcome = iota
	found
	notFound
)

// outcomeNames are the values of the metric's attribute.
var outcomeNames = [...]string{alreadySet: "already_set", found: "found", notFound: "not_found"}

// severityProcessor sets the severity of records. It keeps nothing between batches, so that any number of
// goroutines can use it.
type severityProcessor struct {
	reader    recordReader
	telemetry *metadata.TelemetryBuilder
	// counted are the options of the counter by outcome, made once so that a batch allocates none.
	counted [len(outcomeNames)][]metric.AddOption
}

func newSeverityProcessor(set component.TelemetrySettings, cfg *Config) (*severityProcessor, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, fmt.Errorf("create the telemetry of severity: %w", err)
	}
	p := &severityProcessor{reader: newRecordReader(cfg), telemetry: telemetry}
	for o, name := range outcomeNames {
		p.counted[o] = []metric.AddOption{
			metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", name))),
		}
	}
	return p, nil
}

// processLogs sets the severity of each record that has none. It never fails and drops nothing.
func (p *severityProcessor) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	var counts [len(outcomeNames)]int64
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				counts[p.reader.setSeverity(record)]++
			}
		}
	}
	for o, n := range counts {
		if n > 0 {
			p.telemetry.ProcessorSeverityRecords.Add(ctx, n, p.counted[o]...)
		}
	}
	return logs, nil
}

func (p *severityProcessor) shutdown(context.Context) error {
	p.telemetry.Shutdown()
	return nil
}
