// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/confmap"
)

// ResourceAttributes are the attributes that a detector knows, by name. A name that it does not know is an error.
type ResourceAttributes map[string]ResourceAttribute

// ResourceAttribute is what the user says about one attribute.
type ResourceAttribute struct {
	// Enabled says whether the attribute is added. The default is the detector's.
	Enabled bool `mapstructure:"enabled"`
}

var _ confmap.Unmarshaler = (*ResourceAttributes)(nil)

// Unmarshal changes the attributes that the user names and leaves the others at their defaults.
func (a *ResourceAttributes) Unmarshal(conf *confmap.Conf) error {
	for name := range conf.ToStringMap() {
		attribute, known := (*a)[name]
		if !known {
			return fmt.Errorf("this detector has no attribute %q; it has %s", name, names(*a))
		}
		settings, err := conf.Sub(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := settings.Unmarshal(&attribute); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		(*a)[name] = attribute
	}
	return nil
}

// on returns attributes that are added by default.
func on(names ...string) ResourceAttributes {
	return ResourceAttributes{}.with(true, names)
}

// off adds attributes that are left out by default.
func (a ResourceAttributes) off(names ...string) ResourceAttributes {
	return a.with(false, names)
}

func (a ResourceAttributes) with(enabled bool, names []string) ResourceAttributes {
	for _, name := range names {
		a[name] = ResourceAttribute{Enabled: enabled}
	}
	return a
}

// anyEnabled returns whether one of the names is added.
func (a ResourceAttributes) anyEnabled(names ...string) bool {
	for _, name := range names {
		if a[name].Enabled {
			return true
		}
	}
	return false
}
