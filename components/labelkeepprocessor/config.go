// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// What happens to attributes whose names are not listed.
const (
	// OthersDrop removes them.
	OthersDrop = "drop"
	// OthersDemote moves them to the records, where they describe the line and no longer the stream.
	OthersDemote = "demote"
)

// Config is what a user writes below `label_keep`.
type Config struct {
	// Values are the names of the resource attributes that stay labels: exact, case-sensitive, no patterns. A name
	// may be written as OpenTelemetry writes it (`service.name`) or as Loki does (`service_name`), or be one of the
	// short names of Loki agents (`namespace`). There is no default: an empty list would drop every label.
	Values []string `mapstructure:"values"`
	// Others says what happens to all other attributes: OthersDrop or OthersDemote (default: OthersDrop).
	Others string `mapstructure:"others"`
}

var _ component.Config = (*Config)(nil)

// createDefaultConfig returns the defaults. They do not pass Validate: `values` has to be given.
func createDefaultConfig() component.Config {
	return &Config{Others: OthersDrop}
}

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Values) == 0 {
		errs = append(errs, errors.New("`values` must name at least one attribute to keep, got an empty list; "+
			"list the labels that identify a stream, or remove the processor to keep all of them"))
	}
	for i, name := range c.Values {
		if name == "" {
			errs = append(errs, fmt.Errorf("`values` must not hold an empty name, got one at position %d; remove it", i+1))
		}
	}
	if c.Others != OthersDrop && c.Others != OthersDemote {
		errs = append(errs, fmt.Errorf("`others` must be %q or %q, got %q", OthersDrop, OthersDemote, c.Others))
	}
	return errors.Join(errs...)
}
