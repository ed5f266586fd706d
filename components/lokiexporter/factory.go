// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// NewFactory returns the factory of the exporter `loki`.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig, exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	c := config.(*Config)
	e, err := newExporter(c, set)
	if err != nil {
		return nil, err
	}
	helper, err := exporterhelper.NewLogs(ctx, set, config, e.push,
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		// An attempt has the timeout of the HTTP client, a batch has all the time.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		// The exporter tries again by itself, request by request. The helper's retry
		// only comes into play when the exporter stops: it tells the queue to keep what
		// was not delivered.
		exporterhelper.WithRetry(c.RetryConfig),
		exporterhelper.WithQueue(c.QueueConfig),
	)
	if err != nil {
		return nil, err
	}
	return &stoppable{Logs: helper, stop: e.stop}, nil
}

// stoppable tells the exporter to stop before the helper waits for its calls to
// return.
type stoppable struct {
	exporter.Logs
	stop func()

	once sync.Once
	err  error
}

// Shutdown returns when the queue sends nothing any more. Further calls do nothing.
func (s *stoppable) Shutdown(ctx context.Context) error {
	s.once.Do(func() {
		s.stop()
		s.err = s.Logs.Shutdown(ctx)
	})
	return s.err
}
