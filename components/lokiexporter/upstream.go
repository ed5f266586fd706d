// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// hintedLabels returns the labels of a record that has hints, or that goes the way
// of the removed upstream exporter, and the attributes that became labels by a
// hint: those are not sent a second time, neither in the line nor as metadata.
// Later labels win over earlier ones, as they did.
func (e *lokiExporter) hintedLabels(ctx context.Context, b *batch, lr plog.LogRecord, h *hints) ([]label, map[string]bool) {
	set := hintedSet{e: e, ctx: ctx, taken: map[string]bool{}}
	if e.plan == nil {
		set.upstreamDefaults(&b.resource)
	} else {
		set.labels = append(set.labels, b.resource.labels...)
		for i := range e.plan.record {
			rule := &e.plan.record[i]
			if value := b.recordLabel(lr, rule.attribute); value != "" {
				set.put(rule.name, value)
			}
		}
	}
	if b.resource.hints.hasResource {
		set.attributes(b.resource.attributes, hintedNames(b.resource.hints.resourceLabels))
	}
	if h.hasResource {
		set.attributes(b.resource.attributes, hintedNames(h.resourceLabels))
	}
	if h.hasAttribute {
		set.attributes(lr.Attributes(), hintedNames(h.attributeLabels))
	}
	if e.plan == nil && e.upstreamLabel("level") && lr.SeverityNumber() != plog.SeverityNumberUnspecified {
		// An attribute of that name wins over the severity.
		level := severityName(lr.SeverityNumber())
		if v, ok := lr.Attributes().Get(levelAttribute); ok {
			level = v.AsString()
		}
		set.taken[levelAttribute] = set.put(levelAttribute, level)
	}
	return set.labels, set.taken
}

// hintedSet gathers labels.
type hintedSet struct {
	e      *lokiExporter
	ctx    context.Context
	labels []label
	taken  map[string]bool
}

// put sets a label; one without a value is none. One too many stays what it was, an
// attribute.
func (s *hintedSet) put(name, value string) bool {
	if value == "" {
		s.labels = slices.DeleteFunc(s.labels, func(l label) bool { return l.name == name })
		return true
	}
	if !s.e.isFixed(name) && !hasLabel(s.labels, name) && s.e.room(s.labels) <= 0 {
		s.e.altered(s.ctx, reasonLabelCount)
		return false
	}
	s.labels = setLabel(s.labels, name, strings.Clone(s.e.labelValue(s.ctx, value)))
	return true
}

// attributes makes labels of the named attributes.
func (s *hintedSet) attributes(attributes pcommon.Map, names []string) {
	for _, name := range names {
		v, ok := hintedAttribute(attributes, name)
		if ok && !reserved(name) && s.put(lokiName(name), v.AsString()) {
			s.taken[name] = true
		}
	}
}

// upstreamDefaults sets the default labels of the removed upstream exporter.
// Attributes of their names do not stay in the line.
func (s *hintedSet) upstreamDefaults(resource *resourceScratch) {
	if s.e.upstreamLabel("exporter") {
		s.taken["exporter"] = s.put("exporter", "OTLP")
	}
	if job, ok := resource.get("service.name"); ok && s.e.upstreamLabel("job") {
		if namespace, ok := resource.get("service.namespace"); ok {
			job = namespace + "/" + job
		}
		s.taken["job"] = s.put("job", job)
	}
	if instance, ok := resource.get("service.instance.id"); ok && s.e.upstreamLabel("instance") {
		s.taken["instance"] = s.put("instance", instance)
	}
}

// upstreamLabel reports whether a default label is wanted: unless it is switched
// off.
func (e *lokiExporter) upstreamLabel(name string) bool {
	on, set := e.config.DefaultLabelsEnabled[name]
	return on || !set
}

// severityName is the severity as the `level` label had it: INFO, INFO2, INFO3 and
// so on.
func severityName(n plog.SeverityNumber) string {
	if n < plog.SeverityNumberTrace || n > plog.SeverityNumberFatal4 {
		return ""
	}
	return strings.ToUpper(n.String())
}
