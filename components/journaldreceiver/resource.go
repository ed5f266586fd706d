// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// origin is the same for entries of one resource: within a file, fields that are equal
// stand at one place. It saves comparing texts.
type origin struct {
	file uint32
	name uint64
	// refs are those of resourceFields.
	refs [9]uint64
}

// place returns where the records of an origin go.
func (m *mapper) place(logs plog.Logs, o origin, named int, h *held) plog.LogRecordSlice {
	if records, ok := m.places[o]; ok {
		return records
	}
	to := logs.ResourceLogs().AppendEmpty()
	m.resource(h, to.Resource().Attributes(), named)
	records := to.ScopeLogs().AppendEmpty().LogRecords()
	m.places[o] = records
	return records
}

// resource puts the attributes of an entry's resource.
func (m *mapper) resource(h *held, attributes pcommon.Map, named int) {
	if named >= 0 {
		f := &h.fields[named]
		name := f.Value
		if f.Name == fieldUnit || f.Name == fieldUserUnit {
			name = strings.TrimSuffix(name, ".service")
		}
		m.put(attributes.PutEmpty("service.name"), name, f.Cut)
	}
	if m.body != bodyMap {
		seen := make([]bool, len(resourceFields))
		for i, c := range m.of {
			if c.place < 0 || c.hidden || seen[c.place] {
				continue
			}
			seen[c.place] = true
			f := &h.fields[i]
			if n, ok := parseNumber(f.Value); c.role == number && ok {
				attributes.PutInt(c.key, n)
				continue
			}
			key := c.key
			if c.role == number {
				key = c.plain
			}
			m.put(attributes.PutEmpty(key), f.Value, f.Cut)
		}
	}
	for key, value := range m.config.Resource {
		attributes.PutStr(key, string(value))
	}
}
