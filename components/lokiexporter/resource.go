// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// label is a name and a value, ready to be sent.
type label struct{ name, value string }

// resourceScratch holds what the records of one resource share. It is computed
// once for the resource.
type resourceScratch struct {
	attributes pcommon.Map
	tenant     string
	hints      hints

	// labels are those of the resource; taken are the attributes that became labels
	// or metadata under another name; room is for how many labels more.
	labels []label
	taken  []string
	room   int

	// shared is the metadata of every record, up to ofResource from the resource,
	// behind it from the scope.
	shared     pairs
	ofResource pairsMark
	// apart are names of which none is among those of shared: those that the own metadata of an earlier record
	// had, and the next one's usually has, too.
	apart []string

	// variants are the streams that records of this resource went to: usually one.
	variants []variant

	arena []byte
}

// variant is one of the streams of a resource.
type variant struct {
	key    string
	tenant *tenantBatch
	stream *stream
}

// beginResource computes what the records of a resource share.
func (e *lokiExporter) beginResource(ctx context.Context, b *batch, attributes pcommon.Map) {
	r := &b.resource
	r.attributes = attributes
	r.hints = readHints(attributes)
	r.tenant = e.tenant
	if tenant, ok := attributes.Get(e.config.Tenant.Attribute); ok {
		if text := tenant.AsString(); text != "" {
			r.tenant = text
		}
	}
	r.labels, r.taken, r.variants, r.arena = r.labels[:0], r.taken[:0], r.variants[:0], r.arena[:0]
	r.shared.rewind(pairsMark{})
	r.ofResource = pairsMark{}
	if e.plan == nil {
		return // Labels and lines of the removed upstream exporter are made per record.
	}
	r.room = e.room(e.plan.fixed)
	for i := range e.plan.labels {
		rule := &e.plan.labels[i]
		if value, attribute, ok := r.apply(rule); ok {
			e.addLabel(ctx, r, rule.name, value, attribute)
		}
	}
	if e.plan.every {
		for name := range attributes.All() {
			label := b.names.of(name)
			if reserved(name) || isHint(name) || slices.Contains(r.taken, name) || hasLabel(r.labels, label) {
				continue
			}
			if value, _ := r.get(name); value != "" {
				e.addLabel(ctx, r, label, value, name)
			}
		}
	}
	e.shareMetadata(ctx, b)
}

// apply evaluates a rule. attribute is the one whose whole value the value is.
func (r *resourceScratch) apply(rule *rule) (value, attribute string, ok bool) {
	if rule.unless != "" {
		if _, there := r.get(rule.unless); there {
			return "", "", false
		}
	}
	for i := range rule.choices {
		if attributes, plain := rule.choices[i].plain(); plain {
			for _, name := range attributes {
				if value, there := r.get(name); there && value != "" {
					return value, name, true
				}
			}
			continue
		}
		begin := len(r.arena)
		arena, there := rule.choices[i].expand(r.arena, r.get)
		r.arena = arena
		if there {
			return string(r.arena[begin:]), "", true
		}
	}
	return "", "", false
}

func (r *resourceScratch) get(name string) (string, bool) {
	v, ok := r.attributes.Get(name)
	if !ok {
		return "", false
	}
	if v.Type() == pcommon.ValueTypeStr {
		return v.Str(), true
	}
	return v.AsString(), true
}

// addLabel adds a label of the resource. An attribute whose value it holds is not
// sent a second time, unless the value had to be cut. A label for which there is no
// room stays an attribute, hence becomes metadata.
func (e *lokiExporter) addLabel(ctx context.Context, r *resourceScratch, name, value, attribute string) {
	if !e.isFixed(name) {
		if r.room <= 0 {
			e.altered(ctx, reasonLabelCount)
			return
		}
		r.room--
	}
	if attribute != "" && len(value) <= e.config.Limits.MaxLabelValueBytes {
		r.taken = append(r.taken, attribute)
	}
	r.labels = append(r.labels, label{name, e.labelValue(ctx, value)})
}

// labelValue makes a value fit for a label.
func (e *lokiExporter) labelValue(ctx context.Context, value string) string {
	if len(value) > e.config.Limits.MaxLabelValueBytes {
		e.altered(ctx, reasonLabelValue)
	}
	return cutText(validLabel(value), e.config.Limits.MaxLabelValueBytes)
}

// room is how many labels a stream may have beside the given and the external ones.
func (e *lokiExporter) room(labels []label) int {
	room := e.config.Limits.MaxLabelNames
	for _, l := range e.external {
		if l.name != serviceNameLabel {
			room--
		}
	}
	for _, l := range labels {
		if l.name != serviceNameLabel && !hasLabel(e.external, l.name) {
			room--
		}
	}
	return room
}

// isFixed reports whether there is room for a label anyway: Loki does not count
// service_name, and room is kept for external labels and those of records.
func (e *lokiExporter) isFixed(name string) bool {
	return name == serviceNameLabel || hasLabel(e.external, name) || e.plan != nil && hasLabel(e.plan.fixed, name)
}

// shareMetadata writes the metadata that the resource gives to all its records.
func (e *lokiExporter) shareMetadata(ctx context.Context, b *batch) {
	r := &b.resource
	if e.wanted.none {
		return
	}
	for i := range e.plan.metadata {
		rule := &e.plan.metadata[i]
		value, attribute, ok := r.apply(rule)
		if !ok || !e.wanted.has(rule.name, attribute) {
			continue
		}
		e.addPair(ctx, &r.shared, nil, rule.name, value)
		if attribute != "" {
			r.taken = append(r.taken, attribute)
		}
	}
	for name, value := range r.attributes.All() {
		if reserved(name) || isHint(name) || slices.Contains(r.taken, name) {
			continue
		}
		e.addAttribute(ctx, b, &r.shared, nil, name, value)
	}
	r.ofResource = r.shared.mark()
}

// beginScope adds what the scope gives to its records.
func (e *lokiExporter) beginScope(ctx context.Context, b *batch, scope pcommon.InstrumentationScope) {
	r := &b.resource
	if e.plan == nil || e.wanted.none {
		return
	}
	// What the scope before added goes away again.
	r.shared.rewind(r.ofResource)
	r.apart = r.apart[:0]
	if scope.Name() != "" && e.wanted.has("scope_name", "") {
		e.addPair(ctx, &r.shared, nil, "scope_name", scope.Name())
	}
	if scope.Version() != "" && e.wanted.has("scope_version", "") {
		e.addPair(ctx, &r.shared, nil, "scope_version", scope.Version())
	}
	for name, value := range scope.Attributes().All() {
		if !reserved(name) {
			e.addAttribute(ctx, b, &r.shared, nil, name, value)
		}
	}
}

func hasLabel(labels []label, name string) bool {
	for i := range labels {
		if labels[i].name == name {
			return true
		}
	}
	return false
}

// setLabel adds a label or gives it another value.
func setLabel(labels []label, name, value string) []label {
	for i := range labels {
		if labels[i].name == name {
			labels[i].value = value
			return labels
		}
	}
	return append(labels, label{name, value})
}

// sortedLabels returns external labels in the order of their names.
func sortedLabels(external map[string]string) []label {
	labels := make([]label, 0, len(external))
	for _, name := range slices.Sorted(maps.Keys(external)) {
		labels = append(labels, label{name, validLabel(external[name])})
	}
	return labels
}

// appendLabels writes a label set in the text form of the push API,
// `{a="b", c="d"}`, sorted by name. External labels come in where the set does not
// have them. A set without any is that of a service nobody knows, which is what
// Loki itself makes of it where it may. The slice is sorted in place.
func (e *lokiExporter) appendLabels(dst []byte, labels []label) ([]byte, []label) {
	for _, l := range e.external {
		if !hasLabel(labels, l.name) {
			labels = append(labels, l)
		}
	}
	if len(labels) == 0 {
		labels = append(labels, label{serviceNameLabel, "unknown_service"})
	}
	slices.SortFunc(labels, func(a, b label) int { return strings.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for i, l := range labels {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, l.name...)
		dst = append(dst, '=')
		dst = strconv.AppendQuote(dst, l.value)
	}
	return append(dst, '}'), labels
}
