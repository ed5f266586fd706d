// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"errors"
	"fmt"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kafkareceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// Config is upstream's, with one setting more.
type Config struct {
	upstream.Config `mapstructure:",squash"`
	// DeadLetter says where records go that the backend refuses for good.
	DeadLetter outlet.DeadLetterConfig `mapstructure:"dead_letter"`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads upstream's settings in upstream's way, which wants to see no others.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	letters, err := conf.Sub("dead_letter")
	if err != nil {
		return err
	}
	rest := confmap.New()
	if err := rest.Merge(conf); err != nil {
		return err
	}
	rest.Delete("dead_letter")
	if err := letters.Unmarshal(&c.DeadLetter); err != nil {
		return fmt.Errorf("dead_letter: %w", err)
	}
	return c.Config.Unmarshal(rest)
}

const minLetterBytes = 1 << 20

// Validate checks upstream's settings and ours.
func (c *Config) Validate() error {
	err := c.Config.Validate()
	if c.DeadLetter.MaxBytes < minLetterBytes {
		err = errors.Join(err, fmt.Errorf("`dead_letter::max_bytes` must be at least %d, got %d", minLetterBytes, c.DeadLetter.MaxBytes))
	}
	return err
}
