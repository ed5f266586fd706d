// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"
)

// mapper makes log records of entries. It may be used by one goroutine at a time.
type mapper struct {
	config    *Config
	body      string
	nameOrder []string
	include   []func(string) bool
	exclude   []func(string) bool

	columns map[string]*column
	recent  [512]*column
	// entry numbers the entries, to find fields that are there several times.
	entry uint64
	// of are the columns of the fields of the entry that is being made, and again the
	// places of those whose name was there before.
	of    []*column
	again []int
	// own is how many fields do not go to the resource.
	own    int
	pairs  xpdata.MapBuilder
	places map[origin]plog.LogRecordSlice
}

// newMapper returns a mapper for settings that are valid.
func newMapper(c *Config) *mapper {
	return &mapper{
		config: c, body: c.body(), nameOrder: serviceNames[c.ServiceNameFrom],
		include: compileGlobs(c.Fields.Include), exclude: compileGlobs(c.Fields.Exclude),
		columns: make(map[string]*column), places: make(map[origin]plog.LogRecordSlice),
	}
}

// logs makes log records, in their order within each resource. They share the strings
// with the entries and nothing with what was made of them before.
func (m *mapper) logs(entries []held, observed time.Time) plog.Logs {
	m.forget()
	clear(m.places)
	logs := plog.NewLogs()
	at := pcommon.NewTimestampFromTime(observed)
	var last origin
	var to plog.LogRecordSlice
	for i := range entries {
		h := &entries[i]
		o, named := m.read(h)
		if i == 0 || o != last {
			to, last = m.place(logs, o, named, h), o
		}
		record := to.AppendEmpty()
		record.SetTimestamp(m.time(h))
		record.SetObservedTimestamp(at)
		if m.body == bodyMap {
			m.fields(h, record.Body().SetEmptyMap(), false)
		} else {
			m.record(h, record, named)
		}
		for key, value := range m.config.Attributes {
			record.Attributes().PutStr(key, string(value))
		}
		for key, value := range m.marks(h) {
			record.Attributes().PutStr(key, value)
		}
	}
	return logs
}

// read looks up the columns of an entry, and returns where it comes from and the field
// that names the service, -1 for none.
func (m *mapper) read(h *held) (o origin, named int) {
	m.entry++
	m.of, m.again, m.own = m.of[:0], m.again[:0], 0
	o.file, named = h.file, -1
	rank := len(m.nameOrder)
	for i := range h.fields {
		c := m.column(h.fields[i].Name)
		m.of = append(m.of, c)
		if c.entry == m.entry {
			m.again = append(m.again, i)
			continue
		}
		c.entry = m.entry
		if c.place >= 0 {
			o.refs[c.place] = h.fields[i].Ref
		} else {
			m.own++
		}
		if c.rank >= 0 && c.rank < rank && h.fields[i].Value != "" {
			rank, named = c.rank, i
		}
	}
	if m.body == bodyMap {
		return origin{}, -1 // All is in the body.
	}
	if named >= 0 {
		o.name = h.fields[named].Ref
	}
	return o, named
}

// time is when the entry was written, or made, by setting.
func (m *mapper) time(h *held) pcommon.Timestamp {
	usec := h.cursor.Realtime
	if m.config.Timestamp == timeSource {
		if value, ok := h.get(fieldSourceTime); ok {
			if n, ok := parseNumber(value); ok && n > 0 {
				usec = uint64(n)
			}
		}
	}
	return pcommon.Timestamp(usec * uint64(time.Microsecond))
}

// marks are the attributes that nothing but a setting asks for.
func (m *mapper) marks(h *held) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if m.config.Cursor && !yield("journald.cursor", h.cursor.String()) {
			return
		}
		if m.config.IncludeLogRecordOriginal {
			yield("log.record.original", m.original(h))
		}
	}
}

// wanted reports whether a field of a name is to be an attribute, or a part of a body.
func (m *mapper) wanted(name string) bool {
	return (len(m.include) == 0 || anyOf(m.include, name)) && !anyOf(m.exclude, name)
}

func anyOf(tests []func(string) bool, name string) bool {
	for _, test := range tests {
		if test(name) {
			return true
		}
	}
	return false
}

// compileGlobs makes tests of globs that Validate has found right.
func compileGlobs(globs []string) (tests []func(string) bool) {
	for _, glob := range globs {
		if test, err := compileGlob(glob); err == nil {
			tests = append(tests, test)
		}
	}
	return tests
}
