// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"slices"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// keepDeleted is how long a pod stays known after it is deleted and nobody tracks it: its files may be seen
// late. It does not when they were seen and are gone.
const keepDeleted = 10 * time.Minute

// maxDeleted is how many such pods stay known, the newest ones: a node with pods that come and go would
// know more than it has.
const maxDeleted = 1000

// sweep forgets the pods that are deleted and were not needed for long.
func (c *cache) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	var kept []*record
	for _, r := range c.records {
		switch {
		case !r.deleted || c.tracked(r):
		case now.Sub(r.needed) >= keepDeleted:
			c.forget(r)
		default:
			kept = append(kept, r)
		}
	}
	if more := len(kept) - maxDeleted; more > 0 {
		slices.SortFunc(kept, func(a, b *record) int { return a.needed.Compare(b.needed) })
		for _, r := range kept[:more] {
			c.forget(r)
		}
	}
	for name := range c.goneNamespaces {
		if !c.hasPods(name) {
			delete(c.goneNamespaces, name)
			delete(c.namespaces, name)
			c.mark(namespaceKey(name))
		}
	}
}

// forgetIfOver drops a pod of which nothing is left, neither for the API server nor for those who have tracked
// it. The lock is held.
func (c *cache) forgetIfOver(r *record) {
	if r.deleted && r.over && !c.tracked(r) {
		c.forget(r)
	}
}

// forget drops a pod. The caller holds the lock.
func (c *cache) forget(r *record) {
	key := r.pod.key()
	shrink.Delete(&c.records, key, &c.peaks.records)
	c.unlinkHash(r)
	c.mark(podKey(key))
	c.markNamespace(key.Namespace)
}

func (c *cache) tracked(r *record) bool {
	for _, key := range r.pod.keys() {
		if c.slots[key] != nil && c.find(key) == r {
			return true
		}
	}
	return false
}
