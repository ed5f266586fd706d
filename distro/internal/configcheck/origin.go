// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"go.opentelemetry.io/collector/confmap"
)

// commandLine stands where a file name would for values from --set and `--config yaml:…`.
const commandLine = "command line"

// Aliases let a small text grow without bound, and positions are worth only so much memory.
const (
	maxDepth = 100
	maxNodes = 100_000
)

type kind int

const (
	scalar kind = iota
	mapping
	sequence
)

// origin is a place in the written configuration, as a tree that has the shape of the merged configuration.
type origin struct {
	kind kind
	file string
	line int
	// written is the value of a scalar, null true for an empty one, text true for one that YAML reads as text.
	written    string
	null, text bool
	override   bool
	fields     map[string]*origin
	items      []*origin
	// node is the YAML of a leaf, for comparing.
	node *yaml.Node
}

// builder makes the tree of one document.
type builder struct {
	file     string
	override bool
	nested   map[string]string
	count    int
	// open are the nested documents being built, because two may refer to each other.
	open []string
}

func (b *builder) build(n *yaml.Node, depth int) *origin {
	b.count++
	if n == nil || depth > maxDepth || b.count > maxNodes {
		return nil
	}
	o := &origin{file: b.file, line: n.Line, override: b.override, node: n}
	if b.override {
		o.line = 0
	}
	switch n.Kind {
	case yaml.AliasNode:
		if target := b.build(n.Alias, depth+1); target != nil {
			copied := *target
			copied.line = o.line
			return &copied
		}
		return o
	case yaml.MappingNode:
		o.kind, o.fields = mapping, map[string]*origin{}
		b.fill(o, n, depth)
	case yaml.SequenceNode:
		o.kind = sequence
		for _, item := range n.Content {
			if built := b.build(item, depth+1); built != nil {
				o.items = append(o.items, built)
			}
		}
	default:
		o.written, o.null, o.text = n.Value, n.Tag == "!!null", n.Tag == "!!str"
		return b.graft(o, depth)
	}
	return o
}

// fill adds the keys of a mapping. Keys from `<<` come first, so the mapping's own keys replace them.
func (b *builder) fill(o *origin, n *yaml.Node, depth int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		inherited := b.build(n.Content[i+1], depth+1)
		if inherited == nil {
			continue
		}
		for _, from := range slices.Backward(append([]*origin{inherited}, inherited.items...)) {
			maps.Copy(o.fields, from.fields)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], b.build(n.Content[i+1], depth+1)
		if key.Tag == "!!merge" || value == nil {
			continue
		}
		// The line of the key is where a reader looks; a block value begins below it.
		if !b.override && value.file == b.file && n.Content[i+1].Kind != yaml.AliasNode {
			value.line = key.Line
		}
		// The Collector reads `a::b: c` like nested keys.
		segments := strings.Split(key.Value, confmap.KeyDelimiter)
		for _, segment := range slices.Backward(segments[1:]) {
			value = &origin{
				kind: mapping, file: value.file, line: value.line, override: b.override,
				fields: map[string]*origin{segment: value},
			}
		}
		if have, ok := o.fields[segments[0]]; ok {
			value = merge(have, value)
		}
		o.fields[segments[0]] = value
	}
}

// graft replaces a scalar that is one `${file:…}` by the tree of that file, so that errors in it are found in
// it. A reference to something other than a mapping or list stays: the reference is what the reader must see.
func (b *builder) graft(o *origin, depth int) *origin {
	if !reference.MatchString(o.written) || reference.FindString(o.written) != o.written {
		return o
	}
	uri := o.written[2 : len(o.written)-1]
	text, ok := b.nested[uri]
	if !ok || !strings.HasPrefix(uri, "file:") || slices.Contains(b.open, uri) {
		return o
	}
	inner := builder{
		file: strings.TrimPrefix(uri, "file:"), override: b.override, nested: b.nested, count: b.count,
		open: append(slices.Clone(b.open), uri),
	}
	grafted := inner.build(parse(text), depth+1)
	b.count = inner.count
	if grafted == nil || grafted.kind == scalar {
		return o
	}
	return grafted
}

// merge lays over on top of under by the rule of the Collector: mappings join, everything else is replaced.
func merge(under, over *origin) *origin {
	if under == nil || under.kind != mapping || over.kind != mapping {
		return over
	}
	merged := *over
	merged.fields = maps.Clone(under.fields)
	if merged.fields == nil {
		merged.fields = map[string]*origin{}
	}
	if under.line > 0 {
		merged.file, merged.line = under.file, under.line
	}
	for key, value := range over.fields {
		merged.fields[key] = merge(merged.fields[key], value)
	}
	return &merged
}

// find returns the place of path, or of the deepest key above it that is written down.
func (o *origin) find(path []string) (at *origin, exact bool) {
	at = o
	for _, segment := range path {
		next := at.fields[segment]
		if i, err := strconv.Atoi(segment); err == nil && at.kind == sequence && i >= 0 && i < len(at.items) {
			next = at.items[i]
		}
		if next == nil {
			return at, false
		}
		at = next
	}
	return at, true
}

// walk visits every leaf with its path, mappings in the order of their keys.
func (o *origin) walk(path []string, visit func(path []string, leaf *origin)) {
	switch {
	case o.kind == mapping && len(o.fields) > 0:
		for _, key := range slices.Sorted(maps.Keys(o.fields)) {
			o.fields[key].walk(append(slices.Clone(path), key), visit)
		}
	case o.kind == sequence && len(o.items) > 0:
		for i, item := range o.items {
			item.walk(append(slices.Clone(path), strconv.Itoa(i)), visit)
		}
	default:
		visit(path, o)
	}
}
