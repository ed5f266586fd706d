// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// LabelsConfig says which attributes become labels. An attribute that becomes a
// label is not sent as structured metadata as well.
type LabelsConfig struct {
	// Profile is the set of labels to begin with (default: alloy).
	//
	//	alloy  those of Grafana's k8s-monitoring chart: namespace, container, job, …
	//	otel   those of Loki's own OTLP endpoint: service_name, k8s_namespace_name, …
	//	none   no label
	Profile string `mapstructure:"profile"`
	// ResourceAttributes maps resource attributes to label names. Written as a list,
	// the names follow from the attributes': k8s.node.name becomes k8s_node_name;
	// `*` stands for every resource attribute that is not a label yet.
	ResourceAttributes map[string]string `mapstructure:"resource_attributes"`
	// Attributes maps record attributes to label names, or lists them. `level` falls
	// back to the severity of the record in lower case. Each value makes a stream.
	Attributes map[string]string `mapstructure:"attributes"`
	// Templates composes labels of resource attributes, by label name:
	// `{service.namespace}/{service.name}`; `{a|b}` is the first that is there. A
	// label with a missing part is left out. An empty template takes a label of the
	// profile away.
	Templates map[string]string `mapstructure:"templates"`
}

// Values of LabelsConfig.Profile.
const (
	profileAlloy = "alloy"
	profileOTel  = "otel"
	profileNone  = "none"
)

// everyAttribute stands for all resource attributes in a list.
const everyAttribute = "*"

const nameRule = "with letters, digits and underscores, not beginning with a digit or two underscores, at most 1024 bytes"

// Unmarshal accepts lists and single names where the fields are maps.
func (c *LabelsConfig) Unmarshal(conf *confmap.Conf) error {
	m := conf.ToStringMap()
	for _, key := range []string{"resource_attributes", "attributes"} {
		list, ok := m[key].([]any)
		if name, single := m[key].(string); single {
			list, ok = []any{name}, true
		}
		if !ok {
			continue
		}
		mapped := make(map[string]any, len(list))
		for i, item := range list {
			name, ok := item.(string)
			if !ok || name == "" {
				return fmt.Errorf("`labels::%s` must list names of attributes, got %#v in place %d", key, item, i+1)
			}
			mapped[name] = lokiName(name)
			if name == everyAttribute {
				mapped[name] = everyAttribute
			}
		}
		m[key] = mapped
	}
	type plain LabelsConfig // Without this method.
	return confmap.NewFromStringMap(m).Unmarshal((*plain)(c))
}

// validate reports every broken setting. external are labels that are added to
// every stream.
func (c *LabelsConfig) validate(external map[string]string, limit int) error {
	var errs []error
	if !slices.Contains([]string{profileAlloy, profileOTel, profileNone}, c.Profile) {
		errs = append(errs, fmt.Errorf("`labels::profile` must be alloy, otel or none, got %q", c.Profile))
	}
	origin := map[string]string{}
	claim := func(label, from string) {
		if other, taken := origin[label]; taken {
			errs = append(errs, fmt.Errorf("`labels` sets the label %q twice: %s and %s", label, other, from))
		}
		origin[label] = from
	}
	for _, list := range []struct {
		key      string
		mapping  map[string]string
		maybeAll bool
	}{{"resource_attributes", c.ResourceAttributes, true}, {"attributes", c.Attributes, false}} {
		key := list.key
		for _, attribute := range slices.Sorted(maps.Keys(list.mapping)) {
			label := list.mapping[attribute]
			switch {
			case list.maybeAll && attribute == everyAttribute && label == everyAttribute:
			case attribute == "" || reserved(attribute):
				errs = append(errs, fmt.Errorf("`labels::%s` must name attributes that may be sent, got %q", key, attribute))
			case !legalName(label):
				errs = append(errs, fmt.Errorf("`labels::%s` must name labels %s, got %q for %s", key, nameRule, label, attribute))
			default:
				claim(label, key+"::"+attribute)
			}
		}
	}
	for _, label := range slices.Sorted(maps.Keys(c.Templates)) {
		text := c.Templates[label]
		if !legalName(label) {
			errs = append(errs, fmt.Errorf("`labels::templates` must name labels %s, got %q", nameRule, label))
		}
		if _, err := parseTemplate(text); err != nil {
			errs = append(errs, fmt.Errorf("`labels::templates::%s` must be text with attributes in braces, such as "+
				"\"{service.namespace}/{service.name}\", got %q: %w", label, text, err))
		}
		if text != "" {
			claim(label, "templates::"+label)
		}
	}
	named := maps.Clone(origin)
	for label := range external {
		named[label] = ""
	}
	delete(named, serviceNameLabel) // Loki does not count it.
	if len(named) > limit {
		errs = append(errs, tooManyLabels(len(named), limit))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
