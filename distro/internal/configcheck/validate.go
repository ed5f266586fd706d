// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
)

var (
	pathHead = regexp.MustCompile(`^[A-Za-z0-9_.-]+(?:/[^\s:]+)?(?:::[^\s:]+)*$`)
	idChars  = regexp.MustCompile(`[A-Za-z0-9_./-]+`)
)

// sections are the kinds of components, as the keys of the configuration and as words.
var sections = map[string]string{
	"receivers": "receiver", "processors": "processor", "exporters": "exporter",
	"connectors": "connector", "extensions": "extension",
}

// checkComponents decodes and validates every component, then the service that puts them together.
func (k *check) checkComponents(c *Checker, conf *confmap.Conf) error {
	factories, err := c.factories()
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(k.expanded)) {
		if sections[key] == "" && key != "service" {
			k.unknownSection(key)
		}
	}
	k.config = otelcol.Config{
		Receivers:  checkSection(k, conf, "receivers", factories.Receivers),
		Processors: checkSection(k, conf, "processors", factories.Processors),
		Exporters:  checkSection(k, conf, "exporters", factories.Exporters),
		Connectors: checkSection(k, conf, "connectors", factories.Connectors),
		Extensions: checkSection(k, conf, "extensions", factories.Extensions),
	}
	// Without the service this is about the components alone: none at all, or two of the same name.
	if err := k.config.Validate(); err != nil && !k.incomplete() {
		k.invalid(nil, nil, err)
	}
	if factories.Telemetry == nil {
		return nil
	}
	k.checkService(conf, factories)
	return nil
}

func (k *check) unknownSection(key string) {
	path := []string{key}
	at, _ := k.tree().find(path)
	near := nearest(key, append(slices.Sorted(maps.Keys(sections)), "service"))
	hint := didYouMean(near)
	if hint == "" {
		hint = "the keys at the top are receivers, processors, exporters, connectors, extensions and service"
	}
	if len(near) > 0 {
		k.gone = append(k.gone, []string{near[0]})
	}
	k.reportAt(at, path, show(at, nearlySecret(key)), "unknown key", hint)
}

// checkSection decodes and validates the components of one kind. The result has every component that is
// named, so that references to a broken one are not reported as well.
func checkSection[F component.Factory](
	k *check, conf *confmap.Conf, section string, factories map[component.Type]F,
) map[component.ID]component.Config {
	written, isMap := k.expanded[section].(map[string]any)
	if !isMap && k.expanded[section] != nil {
		k.report([]string{section}, "must be a map of "+section, "")
		k.gone = append(k.gone, []string{section})
		return nil
	}
	sub, err := conf.Sub(section)
	if err != nil {
		return nil
	}
	found := map[component.ID]component.Config{}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		path := []string{section, key}
		var id component.ID
		if err := id.UnmarshalText([]byte(key)); err != nil {
			k.report(path, "not the name of a component: "+err.Error(), "write type or type/name")
			continue
		}
		if _, twice := found[id]; twice {
			k.report(path, "the "+sections[section]+" "+id.String()+" is defined twice", "keep one of them")
			continue
		}
		factory, known := factories[id.Type()]
		found[id] = struct{}{}
		if !known {
			k.unknownType(path, sections[section], id, slices.Collect(maps.Keys(factories)))
			continue
		}
		own, err := sub.Sub(id.String())
		if err != nil {
			k.report(path, "must be a map", "")
			continue
		}
		cfg, usable := k.decode(path, own, func() any { return factory.CreateDefaultConfig() })
		found[id] = cfg
		if !usable {
			k.gone = append(k.gone, path)
			continue
		}
		if err := guarded(func() error { return confmap.Validate(cfg) }); err != nil && !k.incomplete() {
			k.invalid(path, cfg, err)
		}
	}
	return found
}

func (k *check) unknownType(path []string, kind string, id component.ID, types []component.Type) {
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, t.String())
	}
	slices.Sort(names)
	hint := didYouMean(nearest(id.Type().String(), names))
	switch {
	case id.Type().String() == "logging" && slices.Contains(names, "debug"):
		hint = "the logging exporter is now called `debug`"
	case hint == "":
		hint = "known: " + strings.Join(names, ", ")
	}
	at, _ := k.tree().find(path)
	k.reportAt(at, path, "", "unknown "+kind+" type \""+id.Type().String()+"\"", hint)
}

// checkService decodes and validates the service section and follows its references.
func (k *check) checkService(conf *confmap.Conf, factories otelcol.Factories) {
	path := []string{"service"}
	own, err := conf.Sub("service")
	if err != nil {
		k.report(path, "must be a map", "")
		return
	}
	decoded, usable := k.decode(path, own, func() any {
		return &service.Config{Telemetry: factories.Telemetry.CreateDefaultConfig()}
	})
	cfg, ok := decoded.(*service.Config)
	if !ok || !usable {
		return
	}
	k.config.Service = *cfg
	if k.incomplete() {
		return
	}
	if err := guarded(func() error { return confmap.Validate(cfg) }); err != nil {
		k.invalid(path, cfg, err)
	}
	k.checkReferences(cfg)
}

// invalid reports an error of a Validate method of cfg, each of its causes at the place it is about.
func (k *check) invalid(section []string, cfg any, err error) {
	for _, f := range causes(err, nil) {
		path := append(slices.Clone(section), withoutSquashed(reflect.TypeOf(cfg), f.path)...)
		if k.consequence(path) {
			continue
		}
		path = k.blame(path, f.text)
		k.report(path, f.text, hintFor(f.text, strings.Join(path, confmap.KeyDelimiter)))
	}
}

// causes takes an error of confmap.Validate apart. Its type that knows the path is not exported, but it writes
// the path in front of the text.
func causes(err error, path []string) []misfit {
	text := err.Error()
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var all []misfit
		for _, inner := range e.Unwrap() {
			all = append(all, causes(inner, path)...)
		}
		return all
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		if inner == nil {
			break
		}
		if inner.Error() == text {
			return causes(inner, path)
		}
		if head, ok := strings.CutSuffix(text, ": "+inner.Error()); ok && pathHead.MatchString(head) {
			return causes(inner, append(slices.Clone(path), strings.Split(head, confmap.KeyDelimiter)...))
		}
	}
	if head, rest, ok := strings.Cut(text, ": "); ok && strings.Contains(head, confmap.KeyDelimiter) && pathHead.MatchString(head) {
		return []misfit{{path: append(slices.Clone(path), strings.Split(head, confmap.KeyDelimiter)...), text: rest}}
	}
	return []misfit{{path: path, text: text}}
}

// blame narrows a path down to the key the text is about: the nearest one below that it names.
func (k *check) blame(path []string, text string) []string {
	at, exact := k.tree().find(path)
	if !exact {
		return path
	}
	words := idChars.FindAllString(text, -1)
	level := []place{{at: at, path: path}}
	for len(level) > 0 {
		var below []place
		for _, p := range level {
			for _, key := range slices.Sorted(maps.Keys(p.at.fields)) {
				next := place{at: p.at.fields[key], path: append(slices.Clone(p.path), key)}
				if slices.Contains(words, key) {
					return next.path
				}
				below = append(below, next)
			}
		}
		level = below
	}
	return path
}

// place is a key with what is written there.
type place struct {
	at   *origin
	path []string
}
