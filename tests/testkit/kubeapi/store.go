// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/watch"
)

// change is one entry of a collection's history. The objects in it are never
// written to again, so handlers may encode them without the lock.
type change struct {
	version  uint64
	event    watch.EventType
	object   *unstructured.Unstructured
	previous *unstructured.Unstructured // Nil for ADDED.
}

// collection holds the objects of one resource and everything that ever
// happened to them. The history is kept whole: a test is short, and a watch can
// then resume from any resource version since the last Compact.
type collection struct {
	objects map[types.NamespacedName]*unstructured.Unstructured
	history []change
}

func newCollection() *collection {
	return &collection{objects: make(map[types.NamespacedName]*unstructured.Unstructured)}
}

func keyOf(object *unstructured.Unstructured) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// apply makes one change, gives it the next resource version and wakes the
// watches. It takes ownership of the object.
func (s *Server) apply(event watch.EventType, res *resource, object *unstructured.Unstructured) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, key := s.collections[res], keyOf(object)
	previous, exists := c.objects[key]
	if exists != (event != watch.Added) {
		if exists {
			return fmt.Errorf("check %s %s: already exists", res.Kind, key)
		}
		return fmt.Errorf("check %s %s: not found", res.Kind, key)
	}
	if event == watch.Deleted {
		object = previous.DeepCopy()
	}
	complete(object, previous)
	s.version++
	object.SetResourceVersion(formatVersion(s.version))

	if event == watch.Deleted {
		delete(c.objects, key)
	} else {
		c.objects[key] = object
	}
	c.history = append(c.history, change{version: s.version, event: event, object: object, previous: previous})
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// complete fills in the metadata an API server would have set: an object keeps
// its identity over updates, and clients rely on every object having one.
func complete(object, previous *unstructured.Unstructured) {
	uid, created := uuid.NewUUID(), metav1.Now().Rfc3339Copy()
	if previous != nil {
		uid, created = previous.GetUID(), previous.GetCreationTimestamp()
	}
	if object.GetUID() == "" {
		object.SetUID(uid)
	}
	if t := object.GetCreationTimestamp(); t.IsZero() {
		object.SetCreationTimestamp(created)
	}
}

// get returns one object, or nil.
func (s *Server) get(res *resource, key types.NamespacedName) *unstructured.Unstructured {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collections[res].objects[key]
}

// list returns the selected objects ordered by namespace and name, and the
// resource version at which this was the state.
func (s *Server) list(res *resource, sel selection) ([]*unstructured.Unstructured, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var selected []*unstructured.Unstructured
	for object := range maps.Values(s.collections[res].objects) {
		if sel.matches(res, object) {
			selected = append(selected, object)
		}
	}
	slices.SortFunc(selected, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return selected, s.version
}

// since returns the changes after a resource version, and a channel that is
// closed when there are more. It reports false once the outage channel, which
// a watch took when it began, is closed. That check shares the lock with
// SetDown and apply: a change made during an outage cannot leak into a watch
// that the outage was to end.
func (s *Server) since(res *resource, version uint64, outage <-chan struct{}) ([]change, <-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-outage:
		return nil, nil, false
	default:
	}
	history := s.collections[res].history
	first := sort.Search(len(history), func(i int) bool { return history[i].version > version })
	return history[first:len(history):len(history)], s.changed, true
}

func formatVersion(version uint64) string { return strconv.FormatUint(version, 10) }
