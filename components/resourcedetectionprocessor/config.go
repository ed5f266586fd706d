// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configretry"
)

// Config is what the user says about the processor.
type Config struct {
	// Detectors are the names of the detectors that run (default: env). They run side by side; of two that know the
	// same attribute, the one that stands first in the list wins.
	Detectors []string `mapstructure:"detectors"`

	// Override says whether a detected attribute replaces one that the resource already has (default: true).
	Override bool `mapstructure:"override"`

	// DetectorConfig holds the settings of each detector, below its name.
	DetectorConfig DetectorConfig `mapstructure:",squash"`

	// ClientConfig is the HTTP client for calls to the EC2 API. Its timeout (default: 5s) bounds the whole detection,
	// or each attempt if Retry has a limit of its own.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	// RefreshInterval is the time from one detection to the next (default: 0, detection runs once, at the start).
	RefreshInterval time.Duration `mapstructure:"refresh_interval"`

	// FailOnMissingMetadata makes it an error, which is tried again, that a metadata service does not answer
	// (default: false, the machine is taken for one of another platform).
	FailOnMissingMetadata bool `mapstructure:"fail_on_missing_metadata"`

	// Retry says when a detector that failed runs again (default: after 1s, then twice as long up to 30s, until the
	// timeout). `max_elapsed_time` replaces the timeout as the bound of the whole detection.
	Retry configretry.BackOffConfig `mapstructure:"retry"`
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 5 * time.Second
	return &Config{
		Detectors:      []string{"env"},
		Override:       true,
		DetectorConfig: defaultDetectorConfig(),
		ClientConfig:   client,
		Retry: configretry.BackOffConfig{
			Enabled:             true,
			InitialInterval:     time.Second,
			RandomizationFactor: 0.5,
			Multiplier:          2,
			MaxInterval:         30 * time.Second,
		},
	}
}

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	if c.Retry.Enabled && c.ClientConfig.Timeout == 0 && c.Retry.MaxElapsedTime == 0 {
		errs = append(errs, errors.New("`retry` has no end: set `timeout` or `retry::max_elapsed_time` above 0, "+
			"or turn it off with `retry::enabled: false`"))
	}
	for _, name := range c.detectors() {
		if _, ok := makers[name]; !ok {
			errs = append(errs, fmt.Errorf("`detectors` must hold names of detectors, got %q; there are %s", name, names(makers)))
		}
	}
	return errors.Join(errs...)
}

// detectors returns the names without the blanks that upstream takes off, too.
func (c *Config) detectors() (names []string) {
	for _, name := range c.Detectors {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

// names lists the keys for an error.
func names[V any](of map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}
