// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/go-logfmt/logfmt"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// lineOf returns the text of an entry. taken are attributes that became labels and
// are left out of json and logfmt.
func lineOf(format string, lr plog.LogRecord, resource pcommon.Map, scope pcommon.InstrumentationScope, taken map[string]bool) string {
	switch format {
	case formatJSON:
		if text, err := jsonLine(lr, resource, scope, taken); err == nil {
			return text
		}
	case formatLogfmt:
		if text, err := logfmtLine(lr, resource, scope, taken); err == nil {
			return text
		}
	}
	// What cannot be written in the wanted format, or in one that does not exist, is
	// sent as it is rather than not at all.
	return bodyText(lr.Body())
}

// bodyText is the body as text: a map or a list as JSON, bytes as they are.
func bodyText(body pcommon.Value) string {
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return body.Str()
	case pcommon.ValueTypeBytes:
		return view(body.Bytes().AsRaw())
	default:
		return otherText(body)
	}
}

// jsonRecord is a record in the format `json` of the removed upstream exporter.
type jsonRecord struct {
	Body       json.RawMessage `json:"body,omitempty"`
	TraceID    string          `json:"traceid,omitempty"`
	SpanID     string          `json:"spanid,omitempty"`
	Severity   string          `json:"severity,omitempty"`
	Flags      uint32          `json:"flags,omitempty"`
	Attributes map[string]any  `json:"attributes,omitempty"`
	Resources  map[string]any  `json:"resources,omitempty"`
	Scope      *jsonScope      `json:"instrumentation_scope,omitempty"`
}

type jsonScope struct {
	Name       string         `json:"name,omitempty"`
	Version    string         `json:"version,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

func jsonLine(lr plog.LogRecord, resource pcommon.Map, scope pcommon.InstrumentationScope, taken map[string]bool) (string, error) {
	r := jsonRecord{
		TraceID:    traceID(lr),
		SpanID:     spanID(lr),
		Severity:   lr.SeverityText(),
		Flags:      uint32(lr.Flags()),
		Attributes: without(lr.Attributes(), taken),
		Resources:  without(resource, taken),
	}
	if lr.Body().Type() != pcommon.ValueTypeEmpty {
		body, err := json.Marshal(lr.Body().AsRaw())
		if err != nil {
			return "", err
		}
		r.Body = body
	}
	if scope.Name() != "" {
		r.Scope = &jsonScope{Name: scope.Name(), Version: scope.Version(), Attributes: scope.Attributes().AsRaw()}
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// without returns attributes as plain values, without hints, routing data and
// those that became labels.
func without(attributes pcommon.Map, taken map[string]bool) map[string]any {
	raw := attributes.AsRaw()
	for name := range raw {
		if taken[name] || isHint(name) || name == tenantAttribute {
			delete(raw, name)
		}
	}
	return raw
}

func traceID(lr plog.LogRecord) string {
	if id := lr.TraceID(); !id.IsEmpty() {
		return hex.EncodeToString(id[:])
	}
	return ""
}

func spanID(lr plog.LogRecord) string {
	if id := lr.SpanID(); !id.IsEmpty() {
		return hex.EncodeToString(id[:])
	}
	return ""
}

// logfmtLine writes a record in the format `logfmt` of the removed upstream
// exporter: a body that is logfmt itself is taken apart, any other becomes msg.
func logfmtLine(lr plog.LogRecord, resource pcommon.Map, scope pcommon.InstrumentationScope, taken map[string]bool) (string, error) {
	var p logfmtPairs
	p.body(lr.Body())
	p.set("traceID", traceID(lr))
	p.set("spanID", spanID(lr))
	p.set("severity", lr.SeverityText())
	if flags := lr.Flags(); flags != 0 {
		p.set("flags", strconv.FormatUint(uint64(flags), 10))
	}
	p.attributes("attribute_", lr.Attributes(), taken)
	p.attributes("resource_", resource, taken)
	if scope.Name() != "" {
		p.add("instrumentation_scope_name", scope.Name())
		if scope.Version() != "" {
			p.add("instrumentation_scope_version", scope.Version())
		}
		p.attributes("instrumentation_scope_attribute_", scope.Attributes(), nil)
	}
	text, err := logfmt.MarshalKeyvals(p...)
	return string(text), err
}

// logfmtPairs are keys and values in turn.
type logfmtPairs []any

func (p *logfmtPairs) add(key string, value any) {
	*p = append(*p, key, value)
}

// set replaces the value of a key that the body had, and leaves out what is empty.
func (p *logfmtPairs) set(key, value string) {
	if value == "" {
		return
	}
	for i := 0; i < len(*p); i += 2 {
		if (*p)[i] == key {
			(*p)[i+1] = value
			return
		}
	}
	p.add(key, value)
}

func (p *logfmtPairs) body(body pcommon.Value) {
	switch body.Type() {
	case pcommon.ValueTypeEmpty:
	case pcommon.ValueTypeStr:
		decoder := logfmt.NewDecoder(strings.NewReader(body.Str()))
		decoder.ScanRecord()
		for decoder.ScanKeyval() {
			*p = append(*p, bytes.Clone(decoder.Key()), bytes.Clone(decoder.Value()))
		}
		if decoder.Err() != nil {
			*p = logfmtPairs{"msg", body.Str()}
		}
	case pcommon.ValueTypeMap:
		p.value("", body)
	case pcommon.ValueTypeSlice:
		p.value("body", body)
	default:
		p.add("msg", body.AsRaw())
	}
}

func (p *logfmtPairs) attributes(prefix string, attributes pcommon.Map, taken map[string]bool) {
	for name, value := range attributes.All() {
		if !taken[name] && !isHint(name) && name != tenantAttribute {
			p.value(prefix+name, value)
		}
	}
}

// value adds a value, one pair for each leaf.
func (p *logfmtPairs) value(key string, value pcommon.Value) {
	prefix := ""
	if key != "" {
		prefix = key + "_"
	}
	switch value.Type() {
	case pcommon.ValueTypeEmpty:
	case pcommon.ValueTypeMap:
		for name, v := range value.Map().All() {
			p.value(prefix+name, v)
		}
	case pcommon.ValueTypeSlice:
		for i, v := range value.Slice().All() {
			p.value(prefix+strconv.Itoa(i), v)
		}
	default:
		p.add(key, value.AsRaw())
	}
}
