// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"path"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// choice says which containers are read.
type choice struct {
	include, exclude Selection
	self             func(tail.Container) bool
	// includeLabels and excludeLabels are the selectors of the selections; nil chooses nothing.
	includeLabels, excludeLabels labels.Selector
}

// newChoice is made of a valid configuration.
func newChoice(include, exclude Selection) choice {
	return choice{include: include, exclude: exclude, includeLabels: include.selector(), excludeLabels: exclude.selector()}
}

// wants decides by the names that are in the path.
func (c choice) wants(id tail.Container) bool {
	in, out := c.include, c.exclude
	switch {
	case c.self != nil && c.self(id):
		return false
	case matches(out.Namespaces, id.Namespace), matches(out.Pods, id.Pod), matches(out.Containers, id.Name):
		return false
	}
	return all(in.Namespaces, id.Namespace) && all(in.Pods, id.Pod) && all(in.Containers, id.Name)
}

// wantsPod decides by the labels and annotations of the pod. Whoever is included has all of
// what `include` asks for; whoever is excluded has any of what `exclude` names.
func (c choice) wantsPod(has, annotations map[string]string) bool {
	if c.excludeLabels != nil && c.excludeLabels.Matches(labels.Set(has)) {
		return false
	}
	for key, globs := range c.exclude.PodAnnotations {
		if value, ok := annotations[key]; ok && matches(globs, value) {
			return false
		}
	}
	for key, globs := range c.include.PodAnnotations {
		if value, ok := annotations[key]; !ok || !matches(globs, value) {
			return false
		}
	}
	return c.includeLabels == nil || c.includeLabels.Matches(labels.Set(has))
}

func matches(globs []string, name string) bool {
	for _, glob := range globs {
		if ok, _ := path.Match(glob, name); ok { // Validate has seen the glob.
			return true
		}
	}
	return false
}

// all is true for a list that says nothing.
func all(globs []string, name string) bool { return len(globs) == 0 || matches(globs, name) }
