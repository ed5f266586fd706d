// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// Selection names containers by globs (`*`, `?`, `[a-z]`), one list for each part of
// the name, and by what their pod has, if Metadata says so.
type Selection struct {
	Namespaces []string `mapstructure:"namespaces"`
	Pods       []string `mapstructure:"pods"`
	Containers []string `mapstructure:"containers"`
	// PodLabels is a selector as Kubernetes has them: `app=web,tier in (front, back),!debug`.
	PodLabels string `mapstructure:"pod_labels"`
	// PodAnnotations are globs for the values of annotations.
	PodAnnotations map[string][]string `mapstructure:"pod_annotations"`
}

// selector is nil if there is none.
func (s *Selection) selector() labels.Selector {
	if s.PodLabels == "" {
		return nil
	}
	selector, err := labels.Parse(s.PodLabels)
	if err != nil { // Validate has seen it.
		return labels.Nothing()
	}
	return selector
}

// byPod reports whether it asks for what only the extension knows.
func (s *Selection) byPod() bool { return s.PodLabels != "" || len(s.PodAnnotations) > 0 }

func (s *Selection) validate(key string) (errs []error) {
	for _, list := range []struct {
		key   string
		globs []string
	}{{"namespaces", s.Namespaces}, {"pods", s.Pods}, {"containers", s.Containers}} {
		for _, glob := range list.globs {
			if _, err := path.Match(glob, ""); err != nil || glob == "" || strings.Contains(glob, "/") {
				errs = append(errs, fmt.Errorf("`%s::%s` must be globs of names, got %q", key, list.key, glob))
			}
		}
	}
	if _, err := labels.Parse(s.PodLabels); err != nil {
		errs = append(errs, fmt.Errorf("`%s::pod_labels` must be a label selector such as `app=web,!debug`, got %q: %w", key, s.PodLabels, err))
	}
	for name, globs := range s.PodAnnotations {
		for _, glob := range globs {
			if _, err := path.Match(glob, ""); err != nil {
				errs = append(errs, fmt.Errorf("`%s::pod_annotations::%s` must be globs of values, got %q", key, name, glob))
			}
		}
	}
	return errs
}
