// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"slices"
	"sync"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// cache is what is known of the pods of the node, and who tracks them. It may be used by several
// goroutines.
//
// A pod is found by its uid, or by the hash of its manifest, together with its namespace and
// name. So a pod that has the name of an earlier one never gets what belonged to that.
type cache struct {
	rules *Rules

	mu sync.Mutex
	// records are the pods by their uid.
	records map[Key]*record
	// byHash are the static pods by their hash; the newest mirror counts.
	byHash map[Key]*record
	slots  map[Key]*slot
	// unheard are those of the slots that hold nothing yet.
	unheard    map[Key]*slot
	namespaces map[string]*meta
	// goneNamespaces are those that are deleted and whose pods are still known.
	goneNamespaces map[string]struct{}
	node           *meta
	// awaited are the sources without which nothing is said of a pod yet, so that its first lines do
	// not go without what they give. See arrived.
	awaited map[Source]struct{}
	// unsaved are the keys of what has changed and is not stored yet: see state.go.
	unsaved map[string]struct{}
	// peaks are how large the maps of pods have been.
	peaks struct{ records, byHash, slots, unheard shrink.Peak }

	listeners listeners
	// changed gets a signal when there is something to store, wanted when a pod is tracked
	// that is unknown.
	changed chan struct{}
	wanted  chan struct{}
	now     func() time.Time
}

// record is a pod in the cache.
type record struct {
	pod *pod
	// deleted says that the API server does not have the pod any more.
	deleted bool
	// needed is when it was last needed: when it was deleted, or released.
	needed time.Time
	// over says that the last one who has tracked it has found that nothing is left of it.
	over bool
}

func newCache(rules *Rules) *cache {
	return &cache{
		rules: rules, records: map[Key]*record{}, byHash: map[Key]*record{}, slots: map[Key]*slot{}, unheard: map[Key]*slot{},
		namespaces: map[string]*meta{}, goneNamespaces: map[string]struct{}{}, awaited: map[Source]struct{}{}, unsaved: map[string]struct{}{},
		changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), now: time.Now,
	}
}

// Track begins to ask for a pod.
func (c *cache) Track(key Key) *Tracked {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[key]
	if s == nil {
		s = &slot{since: c.now()}
		c.slots[key] = s
		switch r := c.find(key); {
		case r == nil:
			c.unheard[key] = s
			signal(c.wanted)
		case c.complete(r):
			s.known.Store(c.know(r))
		default:
			c.unheard[key] = s
		}
	}
	s.users++
	return &Tracked{slot: s, end: func(over bool) { c.release(key, s, over) }}
}

// Changes begins to tell of what is known of tracked pods.
func (c *cache) Changes() *Changes { return c.listeners.add() }

// release is called when somebody does not track a pod any more, since nothing is left of it or for another
// reason.
func (c *cache) release(key Key, s *slot, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	shrink.Delete(&c.slots, key, &c.peaks.slots)
	shrink.Delete(&c.unheard, key, &c.peaks.unheard)
	if r := c.find(key); r != nil {
		r.needed, r.over = c.now(), over
		c.forgetIfOver(r)
	}
}

// find returns the pod of a log folder, or nil. The lock is held.
func (c *cache) find(key Key) *record {
	if r := c.records[key]; r != nil {
		return r
	}
	return c.byHash[key]
}

// know makes what is known of a pod from its parts. The lock is held.
func (c *cache) know(r *record) *Known {
	return &Known{rules: c.rules, pod: r.pod, namespace: c.namespaces[r.pod.Namespace], node: c.node}
}

// put takes a state of a pod. It reports whether anything has changed.
func (c *cache) put(p *pod) bool {
	if p.Namespace == "" || p.Name == "" || p.UID == "" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.records[p.key()]
	if r == nil {
		r = &record{}
		c.records[p.key()] = r
		c.markNamespace(p.Namespace)
	} else {
		p.remember(r.pod)
		if !r.deleted && p.equal(r.pod) {
			return false
		}
		c.unlinkHash(r)
	}
	r.pod, r.deleted = p, false
	for _, key := range p.keys()[1:] {
		c.byHash[key] = r
	}
	c.mark(podKey(p.key()))
	c.publish(r)
	return true
}

// gone takes note that a pod is deleted. What is known of it stays.
func (c *cache) gone(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goneLocked(key)
}

func (c *cache) goneLocked(key Key) {
	if r := c.records[key]; r != nil && !r.deleted {
		r.deleted, r.needed = true, c.now()
		c.mark(podKey(key))
		c.forgetIfOver(r)
	}
}

// replace takes all pods that the API server has; the others are deleted.
func (c *cache) replace(all []*pod) {
	present := make(map[Key]struct{}, len(all))
	for _, p := range all {
		present[p.key()] = struct{}{}
		c.put(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.records {
		if _, ok := present[key]; !ok {
			c.goneLocked(key)
		}
	}
}

// publish tells those who track a pod what is known of it now. The lock is held.
func (c *cache) publish(r *record) {
	if !c.complete(r) {
		return
	}
	for _, key := range r.pod.keys() {
		if s := c.slots[key]; s != nil && c.find(key) == r {
			s.known.Store(c.know(r))
			shrink.Delete(&c.unheard, key, &c.peaks.unheard)
			c.listeners.tell(key)
		}
	}
}

// unlinkHash forgets the hash of a pod, unless another mirror has it by now.
func (c *cache) unlinkHash(r *record) {
	for _, key := range r.pod.keys()[1:] {
		if c.byHash[key] == r {
			shrink.Delete(&c.byHash, key, &c.peaks.byHash)
		}
	}
}

// unknown returns the tracked pods of which nothing is known, and since when they are tracked.
func (c *cache) unknown() map[Key]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := map[Key]time.Time{}
	for key, s := range c.unheard {
		if c.find(key) == nil {
			keys[key] = s.since
		}
	}
	return keys
}

// putUnknown takes a pod that was asked for by its name, if it is the one of the key and
// nothing came meanwhile that may be newer.
func (c *cache) putUnknown(key Key, p *pod) bool {
	if !slices.Contains(p.keys(), key) {
		return false
	}
	c.mu.Lock()
	known := c.find(key) != nil
	c.mu.Unlock()
	// Two who ask at once bring the same pod, of which either state will do.
	return known || c.put(p)
}

// counts returns how many pods are known, and how many tracked pods are not.
func (c *cache) counts() (known, unknown int) {
	c.mu.Lock()
	known = len(c.records)
	c.mu.Unlock()
	return known, len(c.unknown())
}

// mark notes what has to be stored. The lock is held.
func (c *cache) mark(key string) {
	c.unsaved[key] = struct{}{}
	signal(c.changed)
}

// markNamespace notes that a namespace has got its first pod, or lost its last one. The lock is held.
func (c *cache) markNamespace(name string) {
	if c.namespaces[name] != nil {
		c.mark(namespaceKey(name))
	}
}
