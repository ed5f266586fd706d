// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/service"
)

// checkReferences reports every name in the service section that stands for no component. Upstream stops at
// the first one.
func (k *check) checkReferences(cfg *service.Config) {
	k.checkNames([]string{"service", "extensions"}, cfg.Extensions, "extension", k.config.Extensions)

	for id, p := range cfg.Pipelines {
		if p == nil {
			continue
		}
		path := []string{"service", "pipelines", k.writtenPipeline(id)}
		k.checkNames(append(slices.Clone(path), "receivers"), p.Receivers, "receiver", k.config.Receivers, k.config.Connectors)
		k.checkNames(append(slices.Clone(path), "processors"), p.Processors, "processor", k.config.Processors)
		k.checkNames(append(slices.Clone(path), "exporters"), p.Exporters, "exporter", k.config.Exporters, k.config.Connectors)
	}
}

func (k *check) checkNames(
	path []string, names []component.ID, kind string, defined ...map[component.ID]component.Config,
) {
	for i, id := range names {
		if slices.ContainsFunc(defined, func(m map[component.ID]component.Config) bool { return m[id] != nil }) {
			continue
		}
		// A section with a misspelt name is reported, and that is enough.
		if slices.ContainsFunc(k.gone, func(gone []string) bool { return slices.Equal(gone, []string{kind + "s"}) }) {
			continue
		}
		var known []string
		for _, m := range defined {
			for have := range m {
				known = append(known, have.String())
			}
		}
		slices.Sort(known)
		hint := didYouMean(nearest(id.String(), known))
		if hint == "" {
			hint = "define it under " + kind + "s or take it out here"
		}
		k.report(append(slices.Clone(path), strconv.Itoa(i)), "there is no "+kind+" \""+id.String()+"\"", hint)
	}
}

// writtenPipeline returns the key of a pipeline as it is written, which may have spaces that its name has not.
func (k *check) writtenPipeline(id pipeline.ID) string {
	at, _ := k.tree().find([]string{"service", "pipelines"})
	for key := range at.fields {
		var have pipeline.ID
		if have.UnmarshalText([]byte(key)) == nil && have == id {
			return key
		}
	}
	return id.String()
}
