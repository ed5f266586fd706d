// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"path"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// choice says which containers are read.
type choice struct {
	include, exclude Selection
	self             func(tail.Container) bool
}

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
