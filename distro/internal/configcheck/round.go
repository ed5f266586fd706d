// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"go.opentelemetry.io/collector/otelcol"
)

// reference matches `${…}`, which may not contain another one.
var reference = regexp.MustCompile(`\$\{[^{}]*\}`)

// round is what one resolution of the configuration left behind.
type round struct {
	retrieved int
	// sources are the documents given with --config and --set, in the order of the merge.
	sources []*source
	// nested are the texts that `${…}` brought in, by uri.
	nested map[string]string
	// missing are the names of variables that are not set.
	missing  map[string]bool
	failures []failure
	// again is an earlier round whose documents this one gets once more; nil for those that there are now.
	again *round

	// The rest is there once the converter ran.
	checked  bool
	passed   bool
	expanded map[string]any
	config   otelcol.Config
	merged   *origin
}

// source is one document of the merge.
type source struct {
	uri  string
	file string
	// override is true for what the command line says directly: it is meant to win.
	override bool
	root     *yaml.Node
	text     string
}

// failure is a document that could not be had.
type failure struct {
	uri   string
	top   bool
	unset string
	err   error
}

func newRound() *round {
	return &round{nested: map[string]string{}, missing: map[string]bool{}}
}

func (r *round) fail(f failure) {
	if !slices.ContainsFunc(r.failures, func(have failure) bool { return have.uri == f.uri }) {
		r.failures = append(r.failures, f)
	}
}

// add remembers a document that was read.
func (r *round) add(uri, text string, top bool) {
	r.merged = nil
	if !top {
		r.nested[uri] = text
		return
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	s := &source{uri: uri, text: text, file: rest, override: scheme == "yaml", root: parse(text)}
	switch scheme {
	case "file":
	case "yaml":
		s.file = commandLine
	default:
		s.file = uri
	}
	r.sources = append(r.sources, s)
}

// document returns the text that was read, empty for what was not there.
func (r *round) document(uri string) string {
	for _, s := range r.sources {
		if s.uri == uri {
			return s.text
		}
	}
	return r.nested[uri]
}

// circular tells whether following uri leads back to it. The resolver would follow it a thousand times, and
// the text grows each time.
func (r *round) circular(uri, text string) bool {
	seen := map[string]bool{}
	var leads func(text string) bool
	leads = func(text string) bool {
		for _, inner := range referenced(text) {
			to := inner
			if !strings.Contains(to, ":") {
				to = "env:" + to
			}
			if to == uri {
				return true
			}
			if !seen[to] {
				seen[to] = true
				if leads(r.nested[to]) {
					return true
				}
			}
		}
		return false
	}
	return leads(text)
}

// referenced returns what the references in a text refer to. Behind an odd number of further dollars it is none.
func referenced(text string) []string {
	var found []string
	for _, at := range reference.FindAllStringIndex(text, -1) {
		before := text[:at[0]]
		if (len(before)-len(strings.TrimRight(before, "$")))%2 == 0 {
			found = append(found, text[at[0]+2:at[1]-1])
		}
	}
	return found
}

// tree returns the merged documents with their positions.
func (r *round) tree() *origin {
	if r.merged != nil {
		return r.merged
	}
	root := &origin{kind: mapping}
	for _, s := range r.sources {
		root = merge(root, r.build(s))
	}
	r.merged = root
	return root
}

// build returns one document with its positions.
func (r *round) build(s *source) *origin {
	b := builder{file: s.file, override: s.override, nested: r.nested}
	if n := b.build(s.root, 0); n != nil && n.kind == mapping {
		return n
	}
	return &origin{kind: mapping, file: s.file, override: s.override}
}

// parse returns the first document of text, nil when it holds none. The text was accepted before, as the
// provider decodes it; what yaml makes of an alias that contains itself is decided there too.
func parse(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// sameValue compares two written values by what they mean, so `1s` and `"1s"` are the same.
func sameValue(a, b *origin) bool {
	if a.node == nil || b.node == nil {
		return a.written == b.written
	}
	var x, y any
	if a.node.Decode(&x) != nil || b.node.Decode(&y) != nil {
		return a.written == b.written
	}
	return reflect.DeepEqual(x, y)
}
