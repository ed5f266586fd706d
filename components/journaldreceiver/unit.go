// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// unitTypes are the ends of the names of units.
var unitTypes = []string{
	".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice", ".scope",
}

// unitName completes a name as systemctl and journalctl do: a path is one of a device
// or of a mount point, and what has no known end is a service. Globs stay as they are.
func unitName(name string) string {
	if isGlob(name) {
		return name
	}
	for _, end := range unitTypes {
		if len(name) > len(end) && strings.HasSuffix(name, end) {
			return name
		}
	}
	switch {
	case strings.HasPrefix(name, "/dev/"), strings.HasPrefix(name, "/sys/"):
		return escapePath(name) + ".device"
	case strings.HasPrefix(name, "/"):
		return escapePath(name) + ".mount"
	}
	return name + ".service"
}

// escapePath writes a path as systemd.unit(5) has it in names of units.
func escapePath(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(parts) == 0 {
		return "-" // The root.
	}
	path = strings.Join(parts, "/")
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/':
			b.WriteByte('-')
		case c == ':', c == '_', c == '.' && i > 0, '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// coredump is the MESSAGE_ID of the entry that systemd-coredump writes for a crash.
const coredump = "fc2e22bc6ee647b6b90729ab34a250b1"

// unitFilter wants what a unit says, and what systemd, its helpers and other daemons
// of root say of it, as `journalctl -u` does.
func unitFilter(name string) (journal.Filter, error) { return unit(name, isGlob(name)) }

// excludedUnit wants the same for `exclude_units`. There a glob such as `sys*` does not
// stand for slices, as everything is in one of them.
func excludedUnit(name string) (journal.Filter, error) { return unit(name, false) }

func unit(name string, slices bool) (journal.Filter, error) {
	name = unitName(name)
	is, err := compileGlob(name)
	if err != nil {
		return nil, err
	}
	some := journal.Or{
		journal.Condition{Name: fieldUnit, Test: is},
		journal.And{journal.Has("MESSAGE_ID", coredump), journal.Has("_UID", "0"), journal.Condition{Name: "COREDUMP_UNIT", Test: is}},
		journal.And{ofManager, journal.Condition{Name: "UNIT", Test: is}},
		journal.And{journal.Has("_UID", "0"), journal.Condition{Name: "OBJECT_SYSTEMD_UNIT", Test: is}},
	}
	if slices || strings.HasSuffix(name, ".slice") {
		some = append(some, journal.Condition{Name: "_SYSTEMD_SLICE", Test: is})
	}
	return some, nil
}

// ofManager wants what the manager of the system says. Until systemd 254 journalctl
// knows it by its process, since then by its control group.
var ofManager = journal.Or{journal.Has("_PID", "1"), journal.Has("_SYSTEMD_CGROUP", "/init.scope")}

// userUnitFilter is the same for units of users' managers, of any user.
func userUnitFilter(name string) (journal.Filter, error) {
	glob := isGlob(name)
	name = unitName(name)
	is, err := compileGlob(name)
	if err != nil {
		return nil, err
	}
	some := journal.Or{
		journal.Condition{Name: fieldUserUnit, Test: is},
		journal.Condition{Name: "USER_UNIT", Test: is},
		journal.And{journal.Has("MESSAGE_ID", coredump), journal.Has("_UID", "0"), journal.Condition{Name: "COREDUMP_USER_UNIT", Test: is}},
		journal.And{journal.Has("_UID", "0"), journal.Condition{Name: "OBJECT_SYSTEMD_USER_UNIT", Test: is}},
	}
	if glob || strings.HasSuffix(name, ".slice") {
		some = append(some, journal.Condition{Name: "_SYSTEMD_USER_SLICE", Test: is})
	}
	return some, nil
}
