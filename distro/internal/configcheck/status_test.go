// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

// healthCheck is told the status.
type healthCheck struct {
	component.StartFunc
	component.ShutdownFunc
	told []*componentstatus.Event
}

func (h *healthCheck) ComponentStatusChanged(_ *componentstatus.InstanceID, e *componentstatus.Event) {
	h.told = append(h.told, e)
}
func (*healthCheck) Ready() error                                      { return nil }
func (*healthCheck) NotReady() error                                   { return nil }
func (*healthCheck) NotifyConfig(context.Context, *confmap.Conf) error { return nil }

func TestTheStatusKeepsSecrets(t *testing.T) {
	files := write(t, good, `exporters: {otlp_http: {endpoint: "http://h:1", headers: {x-api-key: hunter2-header}}}`)
	health := &healthCheck{}
	factory := extension.NewFactory(component.MustNewType("health"), func() component.Config { return &struct{}{} },
		func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
			return health, nil
		}, component.StabilityLevelStable)
	set := settings(files...)
	set.Factories = func() (otelcol.Factories, error) {
		all, err := factories()
		all.Extensions[factory.Type()] = factory
		return all, err
	}
	checker := configcheck.New(set.Factories)
	checker.Install(&set)
	resolver, err := confmap.NewResolver(set.ConfigProviderSettings.ResolverSettings)
	require.NoError(t, err)
	_, err = resolver.Resolve(t.Context())
	require.NoError(t, err)
	all, err := set.Factories()
	require.NoError(t, err)
	made, err := all.Extensions[factory.Type()].Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), nil)
	require.NoError(t, err)
	tell := func(e *componentstatus.Event) *componentstatus.Event {
		made.(componentstatus.Watcher).ComponentStatusChanged(nil, e)
		return health.told[len(health.told)-1]
	}
	for _, status := range []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusPermanentError, componentstatus.StatusFatalError} {
		got := tell(componentstatus.NewEvent(status, componentstatus.WithError(errors.New("500: you sent X-Api-Key: hunter2-header"))))
		assert.Equal(t, status, got.Status())
		require.EqualError(t, got.Err(), "500: you sent X-Api-Key: [REDACTED]")
	}
	for _, event := range []*componentstatus.Event{componentstatus.NewEvent(componentstatus.StatusOK), componentstatus.NewRecoverableErrorEvent(errors.New("no route to host"))} {
		assert.Same(t, event, tell(event), "as it is")
	}
}
