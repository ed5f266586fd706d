// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"context"
	"errors"
	"fmt"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kafkareceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/xconsumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/xreceiver"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// factory is upstream's for all signals but logs.
type factory struct{ xreceiver.Factory }

// NewFactory returns the factory of the receiver `kafka`.
func NewFactory() receiver.Factory { return factory{upstream.NewFactory().(xreceiver.Factory)} }

// CreateDefaultConfig implements component.Factory.
func (f factory) CreateDefaultConfig() component.Config {
	return &Config{
		Config:     *f.Factory.CreateDefaultConfig().(*upstream.Config),
		DeadLetter: outlet.DeadLetterConfig{MaxBytes: 100 << 20},
	}
}

// CreateTraces implements receiver.Factory.
func (f factory) CreateTraces(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Traces) (receiver.Traces, error) {
	return f.Factory.CreateTraces(ctx, set, &config.(*Config).Config, next)
}

// CreateMetrics implements receiver.Factory.
func (f factory) CreateMetrics(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	return f.Factory.CreateMetrics(ctx, set, &config.(*Config).Config, next)
}

// CreateProfiles implements xreceiver.Factory.
func (f factory) CreateProfiles(ctx context.Context, set receiver.Settings, config component.Config, next xconsumer.Profiles) (xreceiver.Profiles, error) {
	return f.Factory.CreateProfiles(ctx, set, &config.(*Config).Config, next)
}

// CreateLogs implements receiver.Factory.
func (f factory) CreateLogs(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
	own := config.(*Config)
	desk, err := newDesk(outlet.Options{Settings: set, Next: next, Where: "Kafka", DeadLetter: own.DeadLetter, Uncounted: true})
	if err != nil {
		return nil, err
	}
	logs, err := f.Factory.CreateLogs(ctx, set, &own.Config, desk)
	if err != nil {
		return nil, err
	}
	return &logsReceiver{Logs: logs, desk: desk}, nil
}

// logsReceiver is upstream's receiver, with the desk that its messages pass.
type logsReceiver struct {
	receiver.Logs
	desk *desk
}

// Start implements component.Component.
func (r *logsReceiver) Start(ctx context.Context, host component.Host) error {
	r.desk.outlet.Health.Start(host)
	return r.Logs.Start(ctx, host)
}

// Shutdown implements component.Component. Upstream gives its partitions back first, so that nobody waits at the desk.
func (r *logsReceiver) Shutdown(ctx context.Context) error {
	err := r.Logs.Shutdown(ctx)
	if closeErr := r.desk.close(ctx); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close dead-letter file: %w", closeErr))
	}
	return err
}
