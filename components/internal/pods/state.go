// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// Store keeps values over restarts.
type Store interface {
	// Load gives all values.
	Load(each func(key string, value []byte)) error
	// Save sets values and removes others, all or none.
	Save(set map[string][]byte, remove []string) error
}

// The keys of what is stored.
const (
	podPrefix       = "pod/"
	namespacePrefix = "namespace/"
	nodeKey         = "node"
)

func podKey(key Key) string           { return podPrefix + key.String() }
func namespaceKey(name string) string { return namespacePrefix + name }

// storedVersion is the version of the form of stored values.
const storedVersion = 1

// stored is the form of a stored value, as JSON. One of its parts is set.
type stored struct {
	Version int   `json:"version"`
	Deleted bool  `json:"deleted,omitempty"` // Of the pod.
	Pod     *pod  `json:"pod,omitempty"`
	Meta    *meta `json:"meta,omitempty"` // Of the namespace or the node.
}

// maxStoredBytes is more than any value has: the annotations are bounded, and the labels of an
// object are, as a whole object is 1.5 MB at most.
const maxStoredBytes = 4 << 20

// parseStored reads a stored value. It refuses what is damaged, comes from a newer version,
// or does not belong to its key.
func parseStored(key string, value []byte) (*stored, error) {
	if len(value) > maxStoredBytes {
		return nil, fmt.Errorf("%d bytes are more than a value may have", len(value))
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	var s stored
	if err := decoder.Decode(&s); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("there is something behind the value")
	}
	if s.Version != storedVersion {
		return nil, fmt.Errorf("its version is %d, not %d", s.Version, storedVersion)
	}
	own := ""
	switch {
	case s.Pod != nil && s.Meta == nil:
		if _, ok := ParseKey(s.Pod.key().String()); !ok {
			return nil, fmt.Errorf("no pod is called %q", s.Pod.key())
		}
		own = podKey(s.Pod.key())
	case s.Meta != nil && s.Pod == nil && key == nodeKey:
		own = nodeKey
	case s.Meta != nil && s.Pod == nil:
		own = namespaceKey(s.Meta.Name)
	}
	if own == "" || own != key {
		return nil, fmt.Errorf("it belongs to %q", own)
	}
	return &s, nil
}

// load takes what is stored, and counts what cannot be used, which is removed. Deleted pods
// begin their time again, since no clock is trusted over a restart.
func (c *cache) load(store Store) (damaged int64, err error) {
	var live, deleted []*pod
	var unusable []string
	err = store.Load(func(key string, value []byte) {
		s, err := parseStored(key, value)
		switch {
		case err != nil:
			damaged++
			unusable = append(unusable, key)
		case s.Pod != nil && s.Deleted:
			deleted = append(deleted, s.Pod)
		case s.Pod != nil:
			live = append(live, s.Pod)
		case !c.restoreMeta(key, s.Meta):
			unusable = append(unusable, key)
		}
	})
	// Of two mirrors of a static pod the one that is not deleted counts, which comes last.
	for _, p := range deleted {
		c.put(p)
		c.gone(p.key())
	}
	for _, p := range live {
		c.put(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.unsaved)
	for _, key := range unusable {
		c.mark(key)
	}
	return damaged, err
}

// restoreMeta takes a stored namespace or node. It reports false if nobody asks for it any more.
func (c *cache) restoreMeta(key string, m *meta) bool {
	source, needed := FromNamespace, c.rules.needNamespaces()
	if key == nodeKey {
		source, needed = FromNode, c.rules.needNode()
	}
	if !needed {
		return false
	}
	m.Labels, m.Annotations = chosen(c.rules.Labels, source, m.Labels), chosen(c.rules.Annotations, source, m.Annotations)
	if source == FromNode {
		c.putNode(m)
	} else {
		c.putNamespace(m)
	}
	return true
}

// takeUnsaved returns what has to be written, and what removed, since the last call.
func (c *cache) takeUnsaved() (set map[string][]byte, remove []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set = map[string][]byte{}
	for _, key := range slices.Sorted(maps.Keys(c.unsaved)) {
		if value := c.value(key); value != nil {
			set[key] = value
		} else {
			remove = append(remove, key)
		}
	}
	shrink.Clear(&c.unsaved)
	return set, remove
}

// putBack takes back what could not be written.
func (c *cache) putBack(set map[string][]byte, remove []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range set {
		c.unsaved[key] = struct{}{}
	}
	for _, key := range remove {
		c.unsaved[key] = struct{}{}
	}
}

// value returns the value that belongs to a key now, nil for none. The lock is held.
func (c *cache) value(key string) []byte {
	s := stored{Version: storedVersion}
	switch {
	case key == nodeKey:
		s.Meta = c.node
	case strings.HasPrefix(key, namespacePrefix):
		// The namespaces of other nodes' pods are not worth it.
		if name := strings.TrimPrefix(key, namespacePrefix); c.hasPods(name) {
			s.Meta = c.namespaces[name]
		}
	default:
		if folder, ok := ParseKey(strings.TrimPrefix(key, podPrefix)); ok && strings.HasPrefix(key, podPrefix) {
			if r := c.records[folder]; r != nil {
				s.Pod, s.Deleted = r.pod, r.deleted
			}
		}
	}
	if s.Meta == nil && s.Pod == nil {
		return nil
	}
	value, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return value
}
