// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"context"

	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/k8spodsextension/internal/metadata"
)

// metrics are read when somebody asks for them.
type metrics struct {
	builder      *metadata.TelemetryBuilder
	registration metric.Registration
	// extension tells apart the metrics of several extensions in one process.
	extension attribute.KeyValue
}

func newMetrics(set extension.Settings, watcher *pods.Watcher) (*metrics, error) {
	b, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	m := &metrics{builder: b, extension: attribute.String("extension", set.ID.String())}
	m.registration, err = metadata.Meter(set.TelemetrySettings).RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			m.observe(o, watcher.Stats())
			return nil
		},
		b.ExtensionK8sPodsIgnoredValues, b.ExtensionK8sPodsPods, b.ExtensionK8sPodsRequests, b.ExtensionK8sPodsSilence,
		b.ExtensionK8sPodsUnknownPods, b.ExtensionK8sPodsWatchRestarts,
	)
	return m, err
}

func (m *metrics) observe(o metric.Observer, s pods.Stats) {
	b := m.builder
	o.ObserveInt64(b.ExtensionK8sPodsPods, int64(s.Known), m.with())
	o.ObserveInt64(b.ExtensionK8sPodsUnknownPods, int64(s.Unknown), m.with())
	for reason, n := range s.Ignored {
		o.ObserveInt64(b.ExtensionK8sPodsIgnoredValues, n, m.with(attribute.String("reason", reason)))
	}
	for r, n := range s.Requests {
		o.ObserveInt64(b.ExtensionK8sPodsRequests, n,
			m.with(attribute.String("resource", r.Resource), attribute.String("verb", r.Verb), attribute.String("result", r.Result)))
	}
	for resource, silent := range s.Silent {
		o.ObserveFloat64(b.ExtensionK8sPodsSilence, silent.Seconds(), m.with(attribute.String("resource", resource)))
	}
	for resource, n := range s.Restarts {
		o.ObserveInt64(b.ExtensionK8sPodsWatchRestarts, n, m.with(attribute.String("resource", resource)))
	}
}

func (m *metrics) with(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, m.extension)...)
}

func (m *metrics) close() {
	if m.registration != nil {
		_ = m.registration.Unregister()
	}
	m.builder.Shutdown()
}
