// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Values of Config.StructuredMetadata that are no attributes.
const (
	metadataAll  = "all"
	metadataNone = "none"
)

// wantedMetadata is Config.StructuredMetadata made ready.
type wantedMetadata struct {
	none  bool
	names map[string]bool // nil for all.
}

func newWantedMetadata(names []string) wantedMetadata {
	if len(names) == 0 || names[0] == metadataAll {
		return wantedMetadata{}
	}
	if names[0] == metadataNone {
		return wantedMetadata{none: true}
	}
	w := wantedMetadata{names: map[string]bool{}}
	for _, name := range names {
		w.names[name] = true
	}
	return w
}

// has reports whether metadata is wanted that Loki knows by name and the pipeline
// as attribute, which may be empty.
func (w *wantedMetadata) has(name, attribute string) bool {
	if w.names == nil {
		return !w.none
	}
	return w.names[name] || attribute != "" && w.names[attribute]
}

// pairs is a list of structured metadata and their encoded form.
type pairs struct {
	encoded []byte
	// names are those of the pairs, ends their ends in encoded.
	names []string
	ends  []int
	// bytes is what Loki counts: the lengths of names and values.
	bytes int
}

// pairsMark is a place in a list of pairs.
type pairsMark struct{ encoded, names, bytes int }

func (m *pairs) mark() pairsMark {
	return pairsMark{len(m.encoded), len(m.names), m.bytes}
}

// rewind takes away what was added behind a mark; the zero mark is the beginning.
func (m *pairs) rewind(to pairsMark) {
	m.encoded, m.names, m.ends, m.bytes = m.encoded[:to.encoded], m.names[:to.names], m.ends[:to.names], to.bytes
}

// appendWithout appends the encoded pairs without some of them.
func (m *pairs) appendWithout(dst []byte, leaveOut func(name string) bool) []byte {
	begin := 0
	for i, name := range m.names {
		if !leaveOut(name) {
			dst = append(dst, m.encoded[begin:m.ends[i]]...)
		}
		begin = m.ends[i]
	}
	return dst
}

func (m *pairs) has(name string) bool {
	return slices.Contains(m.names, name)
}

// add appends a pair, or returns why the limits leave no room for it beside the
// pairs of other.
func (m *pairs) add(l *LimitsConfig, other *pairs, name, value string) string {
	count, size := len(m.names)+1, m.bytes+len(name)+len(value)
	if other != nil {
		count, size = count+len(other.names), size+other.bytes
	}
	switch {
	case l.MaxMetadataPairs > 0 && count > l.MaxMetadataPairs:
		return reasonMetaTooMany
	case l.MaxMetadataBytes > 0 && size > l.MaxMetadataBytes:
		return reasonMetaTooLarge
	}
	m.encoded = appendPair(m.encoded, name, value)
	m.names = append(m.names, name)
	m.ends = append(m.ends, len(m.encoded))
	m.bytes += len(name) + len(value)
	return ""
}

// reasonDuplicate counts attributes whose Loki names are those of another one.
const reasonDuplicate = "duplicate_structured_metadata"

// addAttribute adds an attribute to m, a map as one pair per leaf, as Loki's OTLP
// endpoint does it.
func (e *lokiExporter) addAttribute(ctx context.Context, b *batch, m, other *pairs, attribute string, value pcommon.Value) {
	name := b.names.of(attribute)
	if !e.wanted.has(name, attribute) {
		return
	}
	e.addValue(ctx, b, m, other, name, value)
}

func (e *lokiExporter) addValue(ctx context.Context, b *batch, m, other *pairs, name string, value pcommon.Value) {
	if value.Type() == pcommon.ValueTypeMap {
		for k, v := range value.Map().All() {
			e.addValue(ctx, b, m, other, b.names.of(name+"_"+k), v)
		}
		return
	}
	e.addPair(ctx, m, other, name, b.text(value))
}

// addPair adds one pair. Loki knows no empty values, and one value per name.
func (e *lokiExporter) addPair(ctx context.Context, m, other *pairs, name, value string) {
	if value == "" {
		return
	}
	if m.has(name) {
		e.altered(ctx, reasonDuplicate)
		return
	}
	if reason := m.add(&e.config.Limits, other, name, validText(value)); reason != "" {
		e.altered(ctx, reason)
	}
}

// text returns a value as text. The result holds until the next call: numbers and
// truth values are written without an allocation.
func (b *batch) text(value pcommon.Value) string {
	buffer := b.record.value[:0]
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return value.Str()
	case pcommon.ValueTypeInt:
		buffer = strconv.AppendInt(buffer, value.Int(), 10)
	case pcommon.ValueTypeBool:
		buffer = strconv.AppendBool(buffer, value.Bool())
	default:
		return otherText(value)
	}
	b.record.value = buffer
	return view(buffer)
}

// otherText returns any value as text: lists and maps as JSON, or in Go's notation
// where they hold a number that JSON does not know.
func otherText(value pcommon.Value) string {
	text := value.AsString()
	if text == "" && (value.Type() == pcommon.ValueTypeMap || value.Type() == pcommon.ValueTypeSlice) {
		return fmt.Sprint(value.AsRaw())
	}
	return text
}

// view returns bytes as a string without a copy. It holds as long as nobody
// writes to them.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
