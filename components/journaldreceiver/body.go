// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// fields puts what `journalctl -o json` shows of an entry, but for the time, which is
// the record's. Unlike there, values of any length and of any bytes are as they were.
// With asText, bytes that are no UTF-8 are always escaped.
func (m *mapper) fields(h *held, to pcommon.Map, asText bool) {
	c := &h.cursor
	m.pairs.EnsureCapacity(len(h.fields) + 6)
	m.pairs.AppendEmpty("__CURSOR").SetStr(c.String())
	m.pairs.AppendEmpty("__MONOTONIC_TIMESTAMP").SetStr(strconv.FormatUint(c.Monotonic, 10))
	m.pairs.AppendEmpty("__SEQNUM").SetStr(strconv.FormatUint(c.Seqnum, 10))
	m.pairs.AppendEmpty("__SEQNUM_ID").SetStr(c.SeqnumID.String())
	m.pairs.AppendEmpty(fieldBoot).SetStr(c.BootID.String())
	m.stored(h, to, asText)
}

// stored puts the fields of an entry whose columns were read behind those that are in
// pairs.
func (m *mapper) stored(h *held, to pcommon.Map, asText bool) {
	set := m.put
	if asText {
		set = putText
	}
	again := m.again
	for i, c := range m.of {
		if len(again) > 0 && again[0] == i {
			again = again[1:]
			continue
		}
		if f := &h.fields[i]; !c.hidden && c.name != fieldBoot {
			set(m.pairs.AppendEmpty(c.name), f.Value, f.Cut)
		}
	}
	m.pairs.UnsafeIntoMap(to)
	for _, i := range m.again {
		if c, f := m.of[i], &h.fields[i]; !c.hidden && c.name != fieldBoot {
			value := pcommon.NewValueEmpty()
			set(value, f.Value, f.Cut)
			appendValue(to, c.name, value)
		}
	}
}

// bodyMap returns the body that `body: map` gives an entry.
func (m *mapper) bodyMap(h *held) map[string]any {
	m.read(h)
	body := pcommon.NewMap()
	m.fields(h, body, false)
	return body.AsRaw()
}

// original returns the entry as `journalctl -o json` shows it, in a line.
func (m *mapper) original(h *held) string {
	m.read(h)
	all := pcommon.NewMap()
	m.fields(h, all, true)
	all.PutStr("__REALTIME_TIMESTAMP", strconv.FormatUint(h.cursor.Realtime, 10))
	return line(all)
}

// json returns the fields of an entry whose columns were read, in a line.
func (m *mapper) json(h *held) string {
	all := pcommon.NewMap()
	if boot, ok := h.get(fieldBoot); ok && m.wanted(fieldBoot) {
		m.pairs.AppendEmpty(fieldBoot).SetStr(boot)
	}
	m.stored(h, all, true)
	return line(all)
}

// line writes texts and lists of them as JSON, which cannot fail.
func line(fields pcommon.Map) string {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(fields.AsRaw()); err != nil {
		panic(fmt.Sprintf("journald: texts as JSON: %v", err))
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
