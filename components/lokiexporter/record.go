// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// recordScratch is the room in which one record is worked on.
type recordScratch struct {
	own    pairs
	shared []byte
	key    []byte
	labels []label
	text   []byte
	value  []byte
}

// addRecord makes an entry of a record and puts it into the batch, or refuses it.
func (e *lokiExporter) addRecord(ctx context.Context, b *batch, now time.Time, lr plog.LogRecord, scope pcommon.InstrumentationScope) {
	nanos := int64(lr.Timestamp())
	if nanos == 0 {
		nanos = int64(lr.ObservedTimestamp())
	}
	if nanos == 0 {
		nanos = now.UnixNano()
	}
	hints := readHints(lr.Attributes())
	tenant := e.recordTenant(b, lr, &hints)

	var tb *tenantBatch
	var s *stream
	var line string
	shared, own := b.resource.shared.encoded, &b.record.own
	own.rewind(pairsMark{})
	format := hintedFormat(&b.resource.hints, &hints, e.format)
	if e.plan == nil || hints.there || b.resource.hints.there {
		var labels []label
		var taken map[string]bool
		labels, taken = e.hintedLabels(ctx, b, lr, &hints)
		tb, s = e.newVariant(b, tenant, labels, now)
		line = lineOf(format, lr, b.resource.attributes, scope, taken)
		if e.plan != nil {
			shared = e.recordMetadata(ctx, b, lr, taken)
		}
	} else {
		tb, s = e.variant(ctx, b, tenant, lr, now)
		line = lineOf(format, lr, b.resource.attributes, scope, nil)
		shared = e.recordMetadata(ctx, b, lr, nil)
	}

	reason := e.config.Limits.timeRefusal(nanos, now)
	if reason == "" && tb.invalid {
		reason = reasonTenant
	}
	limit := e.config.Limits.MaxLineBytes
	long := limit > 0 && len(line) > limit
	if reason == "" && long && e.config.Limits.LongLines == longRefuse {
		reason = reasonLineTooLong
	}
	switch {
	case reason != "":
		b.refused = append(b.refused, refusedEntry{reason, tenant, s.labels, appendEntry(nil, nanos, line, shared, own.encoded)})
	case !long:
		tb.add(s, nanos, line, shared, own.encoded)
	case e.config.Limits.LongLines == longTruncate:
		e.altered(ctx, reasonLineTooLong)
		tb.add(s, nanos, cutText(line, limit), shared, own.encoded)
	default:
		e.altered(ctx, reasonLineTooLong)
		for line != "" {
			piece := cutText(line, limit)
			tb.add(s, nanos, piece, shared, own.encoded)
			line = line[len(piece):]
			// Loki drops what has the time and the text of the piece before, and orders
			// by time.
			nanos++
		}
	}
}

// recordTenant is the tenant of a record: the one that a hint names, else the one
// of the resource or the record itself, else the configured one.
func (e *lokiExporter) recordTenant(b *batch, lr plog.LogRecord, h *hints) string {
	if h.there || b.resource.hints.there {
		if tenant := hintedTenant(&b.resource.hints, h, b.resource.attributes, lr.Attributes()); tenant != "" {
			return tenant
		}
	}
	if b.resource.tenant == e.tenant {
		if v, ok := lr.Attributes().Get(e.config.Tenant.Attribute); ok {
			if tenant := v.AsString(); tenant != "" {
				return tenant
			}
		}
	}
	return b.resource.tenant
}

// variant returns the stream of a record, which usually is that of the record
// before.
func (e *lokiExporter) variant(ctx context.Context, b *batch, tenant string, lr plog.LogRecord, now time.Time) (*tenantBatch, *stream) {
	key := b.record.key[:0]
	key = append(key, tenant...)
	for i := range e.plan.record {
		value := b.recordLabel(lr, e.plan.record[i].attribute)
		// Length and value: no value can look like two.
		key = binary.AppendUvarint(key, uint64(len(value)))
		key = append(key, value...)
	}
	b.record.key = key
	for i := range b.resource.variants {
		if v := &b.resource.variants[i]; v.key == string(key) {
			return v.tenant, v.stream
		}
	}
	labels := b.record.labels[:0]
	labels = append(labels, b.resource.labels...)
	for i := range e.plan.record {
		rule := &e.plan.record[i]
		if value := b.recordLabel(lr, rule.attribute); value != "" {
			labels = setLabel(labels, rule.name, strings.Clone(e.labelValue(ctx, value)))
		}
	}
	tb, s := e.newVariant(b, tenant, labels, now)
	if len(b.resource.variants) < maxVariants {
		b.resource.variants = append(b.resource.variants, variant{string(key), tb, s})
	}
	return tb, s
}

// maxVariants is how many streams of one resource are looked for one by one.
const maxVariants = 32

// newVariant finds the stream with the given labels.
func (e *lokiExporter) newVariant(b *batch, tenant string, labels []label, now time.Time) (*tenantBatch, *stream) {
	b.record.text, b.record.labels = e.appendLabels(b.record.text[:0], labels)
	tb := b.tenant(e, tenant, now)
	return tb, tb.stream(b.record.text)
}

// recordLabel is the value of a record attribute for a label. It holds until the
// next call.
func (b *batch) recordLabel(lr plog.LogRecord, attribute string) string {
	if v, ok := lr.Attributes().Get(attribute); ok {
		if text := b.text(v); text != "" {
			return text
		}
	}
	if attribute == levelAttribute {
		return severityWord(lr)
	}
	return ""
}

// recordMetadata writes what the record has of its own into the scratch, and
// returns what it shares with others. taken are attributes that became labels.
func (e *lokiExporter) recordMetadata(ctx context.Context, b *batch, lr plog.LogRecord, taken map[string]bool) []byte {
	own, shared := &b.record.own, &b.resource.shared
	if e.wanted.none {
		return nil
	}
	if id := lr.TraceID(); !id.IsEmpty() && e.wanted.has("trace_id", "") {
		b.record.value = hex.AppendEncode(b.record.value[:0], id[:])
		e.addPair(ctx, own, shared, "trace_id", view(b.record.value))
	}
	if id := lr.SpanID(); !id.IsEmpty() && e.wanted.has("span_id", "") {
		b.record.value = hex.AppendEncode(b.record.value[:0], id[:])
		e.addPair(ctx, own, shared, "span_id", view(b.record.value))
	}
	e.addSeverity(ctx, b, lr, shared)
	for name, value := range lr.Attributes().All() {
		if reserved(name) || isHint(name) || taken[name] || e.isRecordLabel(name, value) {
			continue
		}
		e.addAttribute(ctx, b, own, shared, name, value)
	}
	// Most records have the same few names as the one before.
	if len(shared.names) == 0 || taken == nil && slices.Equal(own.names, b.resource.apart) {
		return shared.encoded
	}
	// Of two values under one name the record's own counts.
	leaveOut := func(name string) bool { return own.has(name) || b.isTaken(taken, name) }
	if slices.ContainsFunc(shared.names, leaveOut) {
		b.record.shared = shared.appendWithout(b.record.shared[:0], leaveOut)
		return b.record.shared
	}
	if taken == nil {
		b.resource.apart = append(b.resource.apart[:0], own.names...)
	}
	return shared.encoded
}

// isTaken reports whether name is what Loki knows one of the attributes by.
func (b *batch) isTaken(taken map[string]bool, name string) bool {
	for attribute, is := range taken {
		if is && b.names.of(attribute) == name {
			return true
		}
	}
	return false
}

// isRecordLabel reports whether the whole value of an attribute is a label.
func (e *lokiExporter) isRecordLabel(attribute string, value pcommon.Value) bool {
	for i := range e.plan.record {
		if e.plan.record[i].attribute == attribute {
			return value.Type() != pcommon.ValueTypeStr || len(value.Str()) <= e.config.Limits.MaxLabelValueBytes
		}
	}
	return false
}

// levelAttribute as a label falls back to the severity.
const levelAttribute = "level"

var severityWords = [...]string{"", "trace", "debug", "info", "warn", "error", "fatal"}

// severityWord is the severity in the words of Loki's detected_level.
func severityWord(lr plog.LogRecord) string {
	if n := int(lr.SeverityNumber()); n >= 1 && n <= 24 {
		return severityWords[(n+3)/4]
	}
	return strings.ToLower(lr.SeverityText())
}

// addSeverity adds the severity as detected_level, which Loki would otherwise look
// for in the line, and its text where that says more. Profile otel has the fields
// that Loki's OTLP endpoint stores.
func (e *lokiExporter) addSeverity(ctx context.Context, b *batch, lr plog.LogRecord, shared *pairs) {
	own, text, number := &b.record.own, lr.SeverityText(), lr.SeverityNumber()
	if text == "" && number == plog.SeverityNumberUnspecified {
		return
	}
	if e.plan.otel {
		if number != plog.SeverityNumberUnspecified && e.wanted.has("severity_number", "") {
			b.record.value = strconv.AppendInt(b.record.value[:0], int64(number), 10)
			e.addPair(ctx, own, shared, "severity_number", view(b.record.value))
		}
		if e.wanted.has("severity_text", "") {
			e.addPair(ctx, own, shared, "severity_text", text)
		}
		return
	}
	word := severityWord(lr)
	if e.wanted.has("detected_level", "") {
		e.addPair(ctx, own, shared, "detected_level", word)
	}
	if !strings.EqualFold(word, text) && e.wanted.has("severity_text", "") {
		e.addPair(ctx, own, shared, "severity_text", text)
	}
}
