// SPDX-License-Identifier: Apache-2.0

package bearertokenauthextension

import (
	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Settings are upstream's.
type Settings upstream.Config

// Config is what a user sets: upstream's settings.
type Config struct {
	Settings `mapstructure:",squash"`

	// nothing is true when a token or a file is named and empty, as by a variable that is not set.
	nothing bool
}

var _ confmap.Unmarshaler = (*Config)(nil)

func createDefaultConfig(defaults component.Config) *Config {
	return &Config{Settings: Settings(*defaults.(*upstream.Config))}
}

// Unmarshal implements confmap.Unmarshaler.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	named := conf.IsSet("filename") || conf.IsSet("token")
	c.nothing = named && c.Filename == "" && c.BearerToken == "" && len(c.Tokens) == 0
	return nil
}

// Validate is upstream's, but for settings that are named and empty.
func (c *Config) Validate() error {
	if c.nothing {
		return nil
	}
	return c.upstream().Validate()
}

func (c *Config) upstream() *upstream.Config { return (*upstream.Config)(&c.Settings) }
