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
