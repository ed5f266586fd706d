// SPDX-License-Identifier: Apache-2.0

package pods

import "sync"

// Changes tells of which tracked pods something else is known. It may be used by several
// goroutines.
type Changes struct {
	all    *listeners
	signal chan struct{}
	// keys are the pods that nobody has taken yet. The lock of the listeners guards them.
	keys map[Key]struct{}
}

// Signal is a channel that gets a signal when there is something to take. Signals that nobody
// has received yet become one.
func (c *Changes) Signal() <-chan struct{} { return c.signal }

// Take returns the pods of which something else is known than at the call before, in no
// order. Of a pod that is not tracked any more nothing need be known.
func (c *Changes) Take() []Key {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if len(c.keys) == 0 {
		return nil
	}
	keys := make([]Key, 0, len(c.keys))
	for key := range c.keys {
		keys = append(keys, key)
	}
	c.keys = map[Key]struct{}{} // A map that was large once stays large.
	return keys
}

// Stop ends the telling. Further calls do nothing.
func (c *Changes) Stop() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	delete(c.all.list, c)
}

// listeners are those who are told.
type listeners struct {
	mu   sync.Mutex
	list map[*Changes]struct{}
}

func (l *listeners) add() *Changes {
	c := &Changes{all: l, signal: make(chan struct{}, 1), keys: map[Key]struct{}{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.list == nil {
		l.list = map[*Changes]struct{}{}
	}
	l.list[c] = struct{}{}
	return c
}

func (l *listeners) tell(key Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.list {
		c.keys[key] = struct{}{}
		signal(c.signal)
	}
}
