// SPDX-License-Identifier: Apache-2.0

package otlphttpexporter

import (
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/exporter"
	upstream "go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/exporter/xexporter"

	"github.com/tributary-otel/tributary/components/internal/trust"
)

// full is everything that upstream's factory can: signals that are in development, and the former name of the type.
type full interface {
	xexporter.Factory
	DeprecatedAlias() component.Type
	SetDeprecatedAlias(component.Type)
}

type factory struct{ full }

// NewFactory returns the factory of the exporter `otlp_http`.
func NewFactory() exporter.Factory { return factory{upstream.NewFactory().(full)} }

// CreateLogs implements exporter.Factory.
func (f factory) CreateLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	own := *config.(*upstream.Config)
	watch, err := newWatch(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	// Upstream reads it when it starts.
	logs, err := f.full.CreateLogs(ctx, set, &own)
	if err != nil {
		return nil, err
	}
	return &logsExporter{Logs: logs, set: set, config: &own, watch: watch}, nil
}

// logsExporter is upstream's exporter with a client of ours.
type logsExporter struct {
	exporter.Logs
	set    exporter.Settings
	config *upstream.Config
	watch  *watch
}

// answers is the name under which the watch stands among the middlewares, the outermost of them.
var answers = component.MustNewIDWithName("otlp_http", "answers")

// Start implements component.Component.
func (e *logsExporter) Start(ctx context.Context, host component.Host) error {
	client := &e.config.ClientConfig
	client.Middlewares = slices.Insert(slices.Clone(client.Middlewares), 0, configmiddleware.Config{ID: answers})
	with := map[component.ID]component.Component{answers: e.watch}
	maps.Copy(with, trust.Follow(client, host.GetExtensions(), e.set.Logger, func(err error) {
		event := componentstatus.NewEvent(componentstatus.StatusOK)
		if err != nil {
			event = componentstatus.NewRecoverableErrorEvent(err)
		}
		componentstatus.ReportStatus(host, event)
	}))
	return e.Logs.Start(ctx, hostWith{host, with})
}

// hostWith is a host with further extensions.
type hostWith struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h hostWith) GetExtensions() map[component.ID]component.Component { return h.extensions }

// Report implements componentstatus.Reporter.
func (h hostWith) Report(event *componentstatus.Event) { componentstatus.ReportStatus(h.Host, event) }
