// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"strings"

	"github.com/prometheus/otlptranslator"
)

// names is the list of the configuration, made ready for asking. It never changes.
type names struct {
	// listed are the names as they were written.
	listed map[string]struct{}
	// kept are the attributes that are known to be meant: the listed names, their forms in Loki, and what the short
	// names stand for.
	kept map[string]struct{}
}

func newNames(values []string) *names {
	n := &names{listed: map[string]struct{}{}, kept: map[string]struct{}{}}
	for _, name := range values {
		n.listed[name] = struct{}{}
		n.kept[name] = struct{}{}
		for _, form := range lokiForms(name) {
			n.kept[form] = struct{}{}
		}
		if attribute, ok := aliases[name]; ok {
			n.kept[attribute] = struct{}{}
		}
	}
	return n
}

// keeps tells whether an attribute stays a label: a listed name is the attribute's name, or one of the two is the
// form of the other in Loki. Two names that merely become the same label (`a.b` and `a-b`) do not match: the list
// would keep more than it says.
func (n *names) keeps(attribute string) bool {
	if isRouting(attribute) {
		return true
	}
	if _, ok := n.kept[attribute]; ok {
		return true
	}
	for _, form := range lokiForms(attribute) {
		if _, ok := n.listed[form]; ok {
			return true
		}
	}
	return false
}

// lokiForms returns the label names that a name has in Loki: with each illegal character replaced by an underscore, as
// Kubernetes discovery of Loki agents writes the labels of pods, and as Loki itself writes attributes, where runs of
// underscores become one and a leading digit gets a prefix. The second form does not exist for names without a single
// legal letter or digit.
func lokiForms(name string) []string {
	forms := []string{strings.Map(legal, name)}
	if namer := (otlptranslator.LabelNamer{}); name != "" {
		if form, err := namer.Build(name); err == nil {
			forms = append(forms, form)
		}
	}
	return forms
}

// legal returns the character that stands for r in a label name. A byte that is no UTF-8 is one illegal character.
func legal(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}
