// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.opentelemetry.io/collector/component"
)

// Config is what a user sets.
type Config struct {
	// Directory is the folder of the snapshots, for one collector alone
	// (default: /var/lib/tributary/checkpoints).
	Directory string `mapstructure:"directory"`

	// CreateDirectory makes the folder, readable by its owner only, when it does not
	// exist (default: true).
	CreateDirectory bool `mapstructure:"create_directory"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{Directory: "/var/lib/tributary/checkpoints", CreateDirectory: true}
}

// Validate refuses what can never become a folder of snapshots. Whether the folder
// can be written is not asked here: a configuration is also validated on other
// machines and by other users, and a full or read-only disk must not keep a
// collector from starting.
func (c *Config) Validate() error {
	if c.Directory == "" {
		return errors.New("`directory` must not be empty; name a folder for the checkpoints, such as /var/lib/tributary/checkpoints")
	}
	info, err := os.Stat(c.Directory)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("`directory` must be a folder, got the file %q", c.Directory)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("`directory` must lie in a folder, got %q below the file %q", c.Directory, fileAbove(c.Directory))
	case errors.Is(err, fs.ErrNotExist) && !c.CreateDirectory:
		return fmt.Errorf("`directory` must exist, got %q; create it, or set `create_directory: true`", c.Directory)
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENAMETOOLONG):
		return fmt.Errorf("`directory` must be a path that this system can have, got %q: %w", c.Directory, err)
	}
	return nil
}

// fileAbove finds the part of a path that is not a folder.
func fileAbove(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return path
		}
		path = parent
	}
}
