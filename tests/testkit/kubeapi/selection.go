// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/watch"
)

// selection is what a list or watch is restricted to. An empty namespace
// stands for all of them.
type selection struct {
	namespace string
	fields    fields.Selector
	labels    labels.Selector
}

func parseSelection(res *resource, namespace, fieldSelector, labelSelector string) (selection, error) {
	byField, err := fields.ParseSelector(fieldSelector)
	if err != nil {
		return selection{}, fmt.Errorf("parse field selector: %w", err)
	}
	for _, term := range byField.Requirements() {
		if _, ok := res.fieldDefault(term.Field); !ok {
			return selection{}, fmt.Errorf("field label not supported: %s", term.Field)
		}
	}
	byLabel, err := labels.Parse(labelSelector)
	if err != nil {
		return selection{}, fmt.Errorf("parse label selector: %w", err)
	}
	return selection{namespace: namespace, fields: byField, labels: byLabel}, nil
}

// fieldDefault reports whether selectors may use a field, and what an object
// without it counts as.
func (r *resource) fieldDefault(field string) (string, bool) {
	if field == "metadata.name" || field == "metadata.namespace" {
		return "", true
	}
	value, ok := r.fields[field]
	return value, ok
}

func (s selection) matches(res *resource, object *unstructured.Unstructured) bool {
	if object == nil || s.namespace != "" && s.namespace != object.GetNamespace() {
		return false
	}
	if !s.labels.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	terms := s.fields.Requirements()
	values := make(fields.Set, len(terms))
	for _, term := range terms {
		value, _ := res.fieldDefault(term.Field)
		found, ok, err := unstructured.NestedFieldNoCopy(object.Object, strings.Split(term.Field, ".")...)
		if ok && err == nil {
			value = fmt.Sprint(found)
		}
		values[term.Field] = value
	}
	return s.fields.Matches(values)
}

// translate turns a change of the collection into the event that a watch with
// this selection has to see: an object that begins to match is new to it, and
// one that ceases to match is gone. It returns an empty type for a change that
// does not concern the watch.
func (s selection) translate(res *resource, c change) (watch.EventType, *unstructured.Unstructured) {
	before := s.matches(res, c.previous)
	after := c.event != watch.Deleted && s.matches(res, c.object)
	switch {
	case before && after:
		return watch.Modified, c.object
	case after:
		return watch.Added, c.object
	case before && c.event == watch.Deleted:
		return watch.Deleted, c.object
	case before:
		// The watch gets the last state it was allowed to see, at the version
		// of the change, so that it can resume after it.
		gone := c.previous.DeepCopy()
		gone.SetResourceVersion(formatVersion(c.version))
		return watch.Deleted, gone
	default:
		return "", nil
	}
}
