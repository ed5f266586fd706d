// SPDX-License-Identifier: Apache-2.0

package pods

// putNamespace takes a state of a namespace.
func (c *cache) putNamespace(m *meta) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.goneNamespaces, m.Name)
	if m.equal(c.namespaces[m.Name]) {
		return
	}
	c.namespaces[m.Name] = m
	c.mark(namespaceKey(m.Name))
	for _, r := range c.records {
		if r.pod.Namespace == m.Name {
			c.publish(r)
		}
	}
}

// goneNamespace takes note that a namespace is deleted. What is known of it stays as long as
// its pods are known.
func (c *cache) goneNamespace(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.namespaces[name] != nil {
		c.goneNamespaces[name] = struct{}{}
	}
}

// replaceNamespaces takes all namespaces that the API server has; the others are deleted.
func (c *cache) replaceNamespaces(all []*meta) {
	present := make(map[string]struct{}, len(all))
	for _, m := range all {
		present[m.Name] = struct{}{}
		c.putNamespace(m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.namespaces {
		if _, ok := present[name]; !ok {
			c.goneNamespaces[name] = struct{}{}
		}
	}
}

func (c *cache) hasPods(namespace string) bool {
	for _, r := range c.records {
		if r.pod.Namespace == namespace {
			return true
		}
	}
	return false
}

// putNode takes a state of the node.
func (c *cache) putNode(m *meta) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.equal(c.node) {
		return
	}
	c.node = m
	c.mark(nodeKey)
	for _, r := range c.records {
		c.publish(r)
	}
}

// await says that nothing is to be said of pods without a source.
func (c *cache) await(source Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited[source] = struct{}{}
}

// arrived says that a source has come, or that there is no point in waiting for it.
func (c *cache) arrived(source Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.awaited[source]; !ok {
		return
	}
	delete(c.awaited, source)
	for _, r := range c.records {
		c.publish(r)
	}
}

// complete reports whether all that is awaited has come for a pod. The lock is held.
func (c *cache) complete(r *record) bool {
	_, namespace := c.awaited[FromNamespace]
	_, node := c.awaited[FromNode]
	return (!namespace || c.namespaces[r.pod.Namespace] != nil) && (!node || c.node != nil)
}
