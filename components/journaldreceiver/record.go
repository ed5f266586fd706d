// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/escape"
)

// cutKey is the attribute that says how many bytes were left out of the values.
const cutKey = "journald.cut_bytes"

// record makes a record by OpenTelemetry's data model of an entry whose columns were
// read.
func (m *mapper) record(h *held, record plog.LogRecord, named int) {
	m.pairs.EnsureCapacity(m.own)
	var cut int64
	again := m.again
	for i, c := range m.of {
		f := &h.fields[i]
		cut += f.Cut
		if len(again) > 0 && again[0] == i {
			again = again[1:]
			continue
		}
		if c.place >= 0 || c.hidden && c.role <= number {
			continue
		}
		key := c.key
		switch c.role {
		case message:
			if m.body == bodyMessage {
				m.put(record.Body(), f.Value, f.Cut)
			}
			continue
		case priority:
			if n, ok := parseNumber(f.Value); ok && len(f.Value) == 1 && n < int64(len(priorities)) {
				record.SetSeverityNumber(priorities[n].severity)
				record.SetSeverityText(priorities[n].name)
				continue
			}
		case traceID:
			var id pcommon.TraceID
			if parseID(id[:], f.Value) {
				record.SetTraceID(id)
				continue
			}
		case spanID:
			var id pcommon.SpanID
			if parseID(id[:], f.Value) {
				record.SetSpanID(id)
				continue
			}
		case number:
			if n, ok := parseNumber(f.Value); ok {
				m.pairs.AppendEmpty(key).SetInt(n)
				continue
			}
			key = c.plain
		default:
			if i == named && c.name == fieldIdentifier {
				continue // It is the name of the service.
			}
		}
		if !c.hidden {
			m.put(m.pairs.AppendEmpty(key), f.Value, f.Cut)
		}
	}
	if cut > 0 {
		m.pairs.AppendEmpty(cutKey).SetInt(cut)
	}
	m.pairs.UnsafeIntoMap(record.Attributes())
	for _, i := range m.again {
		m.repeat(h, i, record.Attributes())
	}
	if m.body == bodyJSON {
		record.Body().SetStr(m.json(h))
	}
}

// repeat adds a field whose name was there before. Together with a value that became an
// attribute of the record it becomes a list; else it stands alone.
func (m *mapper) repeat(h *held, i int, attributes pcommon.Map) {
	c, f := m.of[i], &h.fields[i]
	if c.hidden {
		return
	}
	key := c.key
	if c.place >= 0 {
		key = c.plain
	}
	value := pcommon.NewValueEmpty()
	if n, ok := parseNumber(f.Value); c.role == number && c.place < 0 && ok {
		value.SetInt(n)
	} else {
		m.put(value, f.Value, f.Cut)
	}
	appendValue(attributes, key, value)
}

// appendValue puts a value, or makes a list of what is there and the value.
func appendValue(to pcommon.Map, key string, value pcommon.Value) {
	before, ok := to.Get(key)
	switch {
	case !ok:
		value.CopyTo(to.PutEmpty(key))
	case before.Type() == pcommon.ValueTypeSlice:
		value.CopyTo(before.Slice().AppendEmpty())
	default:
		first := pcommon.NewValueEmpty()
		before.CopyTo(first)
		list := before.SetEmptySlice()
		first.CopyTo(list.AppendEmpty())
		value.CopyTo(list.AppendEmpty())
	}
}

// put sets a value to a field's text, of which some bytes may have been cut off.
func (m *mapper) put(to pcommon.Value, value string, cut int64) {
	if m.config.InvalidUTF8 == utf8Bytes && !utf8.ValidString(value) {
		if whole := wholeCharacters(value, cut); !utf8.ValidString(whole) {
			to.SetEmptyBytes().FromRaw([]byte(value))
			return
		}
	}
	putText(to, value, cut)
}

// putText does so with a text in any case.
func putText(to pcommon.Value, value string, cut int64) {
	if value = wholeCharacters(value, cut); !utf8.ValidString(value) {
		var b strings.Builder
		b.Grow(len(value) + 16)
		escape.Write(&b, value)
		value = b.String()
	}
	to.SetStr(value)
}

// wholeCharacters leaves out a last character that was cut in two.
func wholeCharacters(s string, cut int64) string {
	if cut == 0 {
		return s
	}
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if tail := s[len(s)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return s[:len(s)-n]
			}
			break
		}
	}
	return s
}

// parseNumber reads a decimal number as fields have them, without signs and spaces
// that would be lost.
func parseNumber(text string) (n int64, ok bool) {
	if text == "" || len(text) > 18 {
		return 0, false
	}
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// parseID reads the hexadecimal digits of an identifier that is not all zeros.
func parseID(to []byte, text string) bool {
	if len(text) != 2*len(to) {
		return false
	}
	if _, err := hex.Decode(to, []byte(text)); err != nil {
		return false
	}
	for _, b := range to {
		if b != 0 {
			return true
		}
	}
	return false
}
