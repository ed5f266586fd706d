// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Hints are attributes that the `attributes` and `resource` processors set to
// tell the removed upstream exporter which attributes are labels. They do what
// they did, also beside a `labels` section, and are never sent.
const (
	hintResourceLabels  = "loki.resource.labels"
	hintAttributeLabels = "loki.attribute.labels"
	hintFormat          = "loki.format"
	hintTenant          = "loki.tenant"
)

func isHint(name string) bool {
	return strings.HasPrefix(name, "loki.") &&
		(name == hintResourceLabels || name == hintAttributeLabels || name == hintFormat || name == hintTenant)
}

// hints are those of one resource or one record.
type hints struct {
	there           bool
	resourceLabels  pcommon.Value
	attributeLabels pcommon.Value
	format          string
	tenant          string
	hasResource     bool
	hasAttribute    bool
	hasFormat       bool
	hasTenant       bool
}

func readHints(attributes pcommon.Map) hints {
	var h hints
	for name, value := range attributes.All() {
		if !strings.HasPrefix(name, "loki.") {
			continue
		}
		switch name {
		case hintResourceLabels:
			h.resourceLabels, h.hasResource = value, true
		case hintAttributeLabels:
			h.attributeLabels, h.hasAttribute = value, true
		case hintFormat:
			h.format, h.hasFormat = value.AsString(), true
		case hintTenant:
			h.tenant, h.hasTenant = value.AsString(), true
		default:
			continue
		}
		h.there = true
	}
	return h
}

// hintedNames reads the value of a hint: a list, or text with commas.
func hintedNames(value pcommon.Value) []string {
	var names []string
	switch value.Type() {
	case pcommon.ValueTypeSlice:
		for _, v := range value.Slice().AsRaw() {
			names = append(names, fmt.Sprint(v))
		}
	case pcommon.ValueTypeStr:
		names = strings.Split(value.Str(), ",")
	default:
		names = []string{value.AsString()}
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names
}

// hintedAttribute finds an attribute by its name, or within nested maps by a path
// with dots: in the map that the longest part of the path leads to. Names that no
// label could have are not looked for, since they come from anybody.
func hintedAttribute(attributes pcommon.Map, name string) (pcommon.Value, bool) {
	if len(name) > maxNameBytes {
		return pcommon.Value{}, false
	}
	if v, ok := attributes.Get(name); ok {
		return v, true
	}
	for at := strings.LastIndexByte(name, '.'); at >= 0; at = strings.LastIndexByte(name[:at], '.') {
		if v, ok := attributes.Get(name[:at]); ok && v.Type() == pcommon.ValueTypeMap {
			return hintedAttribute(v.Map(), name[at+1:])
		}
	}
	return pcommon.Value{}, false
}

// hintedFormat is the format of a line; the resource's hint comes first.
func hintedFormat(resource, record *hints, otherwise string) string {
	switch {
	case resource.hasFormat:
		return resource.format
	case record.hasFormat:
		return record.format
	}
	return otherwise
}

// hintedTenant is the tenant that hints name, or "".
func hintedTenant(resource, record *hints, resourceAttributes, recordAttributes pcommon.Map) string {
	var attribute string
	switch {
	case resource.hasTenant:
		attribute = resource.tenant
	case record.hasTenant:
		attribute = record.tenant
	default:
		return ""
	}
	if v, ok := resourceAttributes.Get(attribute); ok {
		return v.AsString()
	}
	if v, ok := recordAttributes.Get(attribute); ok {
		return v.AsString()
	}
	return ""
}
