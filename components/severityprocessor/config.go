// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
)

const (
	defaultMaxBytes = 256
	// A shorter head ends within a time stamp.
	minMaxBytes = 16
	maxMaxBytes = 65536
)

// Config is what the user says about the processor.
type Config struct {
	// MaxBytes is how much of each line is looked at: 16 to 65536 bytes, counted from its start (default: 256).
	// A level that stands behind them is not found.
	MaxBytes int `mapstructure:"max_bytes"`

	// Attributes are the names of record attributes that an earlier stage may have filled with a level. The
	// first that holds a known level wins over the line (default: level, severity, log.level, lvl, levelname,
	// loglevel). Names match exactly. An empty list turns this off.
	Attributes []string `mapstructure:"attributes"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	if c.MaxBytes < minMaxBytes || c.MaxBytes > maxMaxBytes {
		errs = append(errs, fmt.Errorf("`max_bytes` must be between %d and %d, got %d", minMaxBytes, maxMaxBytes, c.MaxBytes))
	}
	for i, name := range c.Attributes {
		switch {
		case name == "":
			errs = append(errs, fmt.Errorf("`attributes` must hold names, got \"\" at position %d", i+1))
		case slices.Contains(c.Attributes[:i], name):
			errs = append(errs, fmt.Errorf("`attributes` must hold each name once, got %q twice", name))
		}
	}
	return errors.Join(errs...)
}
