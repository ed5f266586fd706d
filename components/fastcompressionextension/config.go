// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// The names of the codings, as they stand in Content-Encoding too.
const (
	codingZstd = "zstd"
	codingGzip = "gzip"
	// codingNone lets requests pass as they are, so that one environment variable
	// can switch compression off.
	codingNone = "none"
)

// Config is what a user sets.
type Config struct {
	// Compression is `zstd`, `gzip`, or `none` (default: zstd).
	Compression string `mapstructure:"compression"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{Compression: codingZstd}
}

// Validate refuses what this extension does not make.
func (c *Config) Validate() error {
	switch c.Compression {
	case codingZstd, codingGzip, codingNone:
		return nil
	}
	return fmt.Errorf("`compression` must be `zstd`, `gzip` or `none`, got %q", c.Compression)
}
