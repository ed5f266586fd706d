// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"slices"
	"strings"
)

// role is what a field is for, other than an attribute with its text.
type role uint8

const (
	text role = iota
	number
	message
	priority
	traceID
	spanID
)

// wellKnown are the fields that have a place in OpenTelemetry's data model, see
// "systemd-journald" in its appendix A, and in the semantic conventions.
var wellKnown = map[string]struct {
	key  string
	role role
}{
	"MESSAGE":           {role: message},
	"PRIORITY":          {role: priority},
	"TRACE_ID":          {role: traceID},
	"SPAN_ID":           {role: spanID},
	"SYSLOG_FACILITY":   {"syslog.facility.code", number},
	"SYSLOG_PID":        {"syslog.pid", number},
	"CODE_FILE":         {"code.file.path", text},
	"CODE_LINE":         {"code.line.number", number},
	"CODE_FUNC":         {"code.function.name", text},
	"TID":               {"thread.id", number},
	"_HOSTNAME":         {"host.name", text},
	"_MACHINE_ID":       {"host.id", text},
	"_PID":              {"process.pid", number},
	"_COMM":             {"process.executable.name", text},
	"_EXE":              {"process.executable.path", text},
	"_CMDLINE":          {"process.command_line", text},
	"CONTAINER_ID_FULL": {"container.id", text},
	"CONTAINER_NAME":    {"container.name", text},
	"IMAGE_NAME":        {"container.image.name", text},
}

// resourceFields are the fields that can be attributes of the resource.
var resourceFields = [len(origin{}.refs)]string{
	"_HOSTNAME", "_MACHINE_ID", "_PID", "_COMM", "_EXE", "_CMDLINE", "CONTAINER_ID_FULL", "CONTAINER_NAME", "IMAGE_NAME",
}

// Fields that service.name can be made of. A unit of a user's manager says more than
// the unit in which all of them run.
const (
	fieldIdentifier = "SYSLOG_IDENTIFIER"
	fieldComm       = "_COMM"
	fieldUserUnit   = "_SYSTEMD_USER_UNIT"
	fieldUnit       = "_SYSTEMD_UNIT"
	fieldSourceTime = "_SOURCE_REALTIME_TIMESTAMP"
	fieldBoot       = "_BOOT_ID"
)

var serviceNames = map[string][]string{
	nameIdentifier: {fieldIdentifier, fieldUserUnit, fieldUnit, fieldComm},
	nameUnit:       {fieldUserUnit, fieldUnit, fieldIdentifier, fieldComm},
	nameComm:       {fieldComm, fieldIdentifier, fieldUserUnit, fieldUnit},
}

// column is what is known of all fields of a name.
type column struct {
	name string
	role role
	// key is that of the attribute, and plain the one for values that cannot be what
	// key promises.
	key, plain string
	// place is among resourceFields if the field goes to the resource, and rank among
	// those that can be the name of the service; -1 if not.
	place, rank int
	// hidden is not to be an attribute.
	hidden bool
	// entry is the last one that had such a field.
	entry uint64
}

// plainKey is the attribute of a field that has no better one. What journald says
// itself, and no sender can forge, begins with an underscore; what a sender says never
// gets the same key.
func plainKey(name string) string {
	if trusted, ok := strings.CutPrefix(name, "_"); ok {
		return "journald." + strings.ToLower(trusted)
	}
	return "journald.client." + strings.ToLower(name)
}

func (m *mapper) newColumn(name string) *column {
	name = strings.Clone(name) // It is kept, and may be a part of something large.
	known := wellKnown[name]
	c := &column{
		name: name, role: known.role, key: known.key, plain: plainKey(name),
		place: -1, rank: slices.Index(m.nameOrder, name), hidden: !m.wanted(name),
	}
	if c.key == "" {
		c.key = c.plain
	}
	if slices.Contains(m.config.ResourceFields, name) {
		c.place = slices.Index(resourceFields[:], name)
	}
	return c
}

// column returns what is known of a name.
func (m *mapper) column(name string) *column {
	// The same few names come again and again, and comparing one is cheaper than
	// looking it up.
	recent := &m.recent[(len(name)*7+int(name[len(name)-1])*3+int(name[len(name)/2])*31)%len(m.recent)]
	if c := *recent; c != nil && c.name == name {
		return c
	}
	c := m.columns[name]
	if c == nil {
		c = m.newColumn(name)
		m.columns[name] = c
	}
	*recent = c
	return c
}

// maxColumns bounds how many names are remembered: a sender can make up as many as it
// likes.
const maxColumns = 4096

// forget is called between batches.
func (m *mapper) forget() {
	if len(m.columns) > maxColumns {
		clear(m.columns)
		clear(m.recent[:])
	}
}
