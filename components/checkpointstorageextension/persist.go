// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"fmt"
	"slices"
	"time"
)

// persist returns when a snapshot with the given change is on the disk. attempts is
// how many writes had begun when the change was made: one that began later has it.
func (c *client) persist(change, attempts uint64) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.saved >= change {
		return nil
	}
	c.mu.Lock()
	tried := c.attempts > attempts
	if !tried {
		c.attempts++
	}
	c.mu.Unlock()
	if tried {
		// Somebody else's write had this change, and failed. Ten callers who wait for a
		// full disk need not all try.
		return c.lastErr
	}
	began := time.Now()
	change, size, err := c.write()
	if err != nil {
		c.lastErr = fmt.Errorf("save the state of %s: %w", c.owner.label, explain(err))
		c.later()
	} else {
		c.saved, c.lastErr = change, nil
	}
	c.tell.wrote(c.owner, size, time.Since(began), c.lastErr)
	return c.lastErr
}

// write brings all of the state to the disk and returns its last change.
func (c *client) write() (change uint64, size int, err error) {
	number, err := c.folder.ready()
	if err != nil {
		return 0, 0, err
	}
	c.rescan(number)
	err = c.slots.save(func(sequence uint64) []byte {
		c.mu.Lock()
		defer c.mu.Unlock()
		change = c.state.changes
		c.buffer = slices.Grow(c.buffer[:0], int(c.state.bytes))
		c.buffer = appendSnapshot(c.buffer, c.owner.name, &snapshot{sequence, c.state.sorted()})
		return c.buffer
	})
	size = len(c.buffer)
	if size > largeBytes && !c.warned {
		c.warned = true
		c.tell.large(c.owner, size)
	}
	if cap(c.buffer) > min(keptBuffer, smallBuffer+4*size) {
		c.buffer = nil
	}
	return change, size, err
}

// later makes sure that a state which nobody changes any more reaches the disk, and
// that the trouble ends, once the cause is gone.
func (c *client) later() {
	if c.retry == nil {
		c.retry = time.AfterFunc(tryAgain, c.again)
		return
	}
	c.retry.Reset(tryAgain)
}

func (c *client) again() {
	c.mu.Lock()
	closed, change, attempts := c.closed, c.state.changes, c.attempts
	c.mu.Unlock()
	if !closed {
		// The error is reported, and tried again.
		_ = c.persist(change, attempts)
	}
}
