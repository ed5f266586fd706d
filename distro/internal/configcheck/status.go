// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"context"
	"errors"
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/otelcol"
)

// discreetFactories keeps the secrets of the configuration out of what extensions are told of the status of components:
// whoever reaches the port of a health check reads it, and components repeat what a backend answers.
func (c *Checker) discreetFactories(factories func() (otelcol.Factories, error)) func() (otelcol.Factories, error) {
	return func() (otelcol.Factories, error) {
		all, err := factories()
		if err != nil {
			return all, err
		}
		all.Extensions = maps.Clone(all.Extensions)
		for typ, factory := range all.Extensions {
			all.Extensions[typ] = discreetFactory{factory, c}
		}
		return all, nil
	}
}

type discreetFactory struct {
	extension.Factory
	checker *Checker
}

// Create implements extension.Factory.
func (f discreetFactory) Create(ctx context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	made, err := f.Factory.Create(ctx, set, config)
	if err != nil {
		return nil, err
	}
	// Whoever is told the status of components is a health check: it has all of these, and nothing that a wrapper would hide.
	if watcher, ok := made.(statusWatcher); ok {
		return discreetWatcher{watcher, f.checker}, nil
	}
	return made, nil
}

type statusWatcher interface {
	extension.Extension
	componentstatus.Watcher
	extensioncapabilities.PipelineWatcher
	extensioncapabilities.ConfigWatcher
}

type discreetWatcher struct {
	statusWatcher
	checker *Checker
}

// ComponentStatusChanged implements componentstatus.Watcher.
func (w discreetWatcher) ComponentStatusChanged(source *componentstatus.InstanceID, event *componentstatus.Event) {
	w.statusWatcher.ComponentStatusChanged(source, w.checker.discreetEvent(event))
}

// discreetEvent returns the event without secrets. One that has none stays as it is.
func (c *Checker) discreetEvent(event *componentstatus.Event) *componentstatus.Event {
	if event.Err() == nil {
		return event
	}
	said := event.Err().Error()
	text := c.secrets.Load().text(said)
	if text == said {
		return event
	}
	return componentstatus.NewEvent(event.Status(), componentstatus.WithError(errors.New(text)), componentstatus.WithAttributes(event.Attributes()))
}
