// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// bootFile has the identifier of the running boot, also in containers: it is the
// kernel's.
const bootFile = "/proc/sys/kernel/random/boot_id"

// allNamespaces is the setting for all of them, the default one too.
const allNamespaces = "*"

// options are those of the reader, without a place for troubles. The error is that the
// identifier of the running boot is asked for and cannot be read.
func (c *Config) options() (journal.Options, error) {
	filter, _ := c.filter() // Validate has told what is wrong.
	o := journal.Options{
		Namespaces: c.namespaces(), Filter: filter, MaxFieldBytes: c.MaxFieldBytes,
		// Who names a place wants what lies there, as with `journalctl --directory`.
		Merge: c.Merge || len(c.Directory) > 0 || len(c.Files) > 0,
	}
	for _, folder := range c.Directory {
		o.Directories = append(o.Directories, c.below(folder))
	}
	for _, glob := range c.Files {
		o.Files = append(o.Files, c.below(glob))
	}
	if c.RootPath != "" {
		c.ofHost(&o)
	}
	if c.CurrentBootOnly || c.Dmesg {
		boot, err := readID(bootFile)
		if err != nil {
			return o, fmt.Errorf("the running boot is not known, as `current_boot_only` and `dmesg` need it: %w", err)
		}
		o.BootID = boot
	}
	return o, nil
}

// below puts the root before a path.
func (c *Config) below(path string) string {
	if c.RootPath == "" {
		return path
	}
	return filepath.Join(c.RootPath, path)
}

// ofHost looks for what is read by default where the file system of the host is
// mounted. The host's machine-id may not be mounted; that of the container would be
// wrong, so all journals are read then.
func (c *Config) ofHost(o *journal.Options) {
	if len(o.Directories) == 0 && len(o.Files) == 0 {
		for _, folder := range journal.Directories {
			o.Directories = append(o.Directories, c.below(folder))
		}
	}
	machine, err := readID(c.below("/etc/machine-id"))
	if err != nil {
		o.Merge = true
	}
	o.MachineID = machine
}

func readID(path string) (journal.ID, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return journal.ID{}, err
	}
	id, err := journal.ParseID(strings.TrimSpace(string(text)))
	if err != nil {
		return journal.ID{}, fmt.Errorf("%s: %w", path, err)
	}
	return id, nil
}

// namespaces are those of both settings; nil for the default one alone. As with
// `journalctl --namespace`, a name stands for that namespace and no other, and one
// with a `+` for the default one too.
func (c *Config) namespaces() []string {
	var names []string
	switch name, plus := strings.CutPrefix(c.Namespace, "+"); {
	case c.Namespace == allNamespaces, plus:
		names = append(names, "", name)
	case name != "":
		names = append(names, name)
	}
	for _, glob := range c.Namespaces {
		if glob == allNamespaces {
			names = append(names, "")
		}
		names = append(names, glob)
	}
	return names
}
