// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const (
	// tryAgain is how long after a failed write the next one is tried, if nobody
	// stores anything meanwhile.
	tryAgain = 10 * time.Second
	// largeBytes is the size above which a state is not small any more.
	largeBytes = 16 << 20
	// keptBuffer is the largest buffer that waits for the next write, enough for a thousand
	// files. It goes as well when the state has become much smaller, unless it is no larger
	// than smallBuffer.
	keptBuffer, smallBuffer = 512 << 10, 64 << 10
)

var errClosed = errors.New("the storage client is closed")

var (
	_ storage.Client = (*client)(nil)
	_ storage.Walker = (*client)(nil)
)

// client is the state of one owner. It may be used by several goroutines.
//
// Whoever changes something gets an answer when a snapshot with the change is on the
// disk. Changes that come while a snapshot is being written share the next one. When
// a write fails, the change stays in memory and the next write takes it along.
//
// Contexts are not looked at: the last positions are often stored with a context that
// is already cancelled.
type client struct {
	owner  owner
	folder opener
	tell   *troubles
	closer func()

	// mu guards what is in memory.
	mu     sync.Mutex
	state  *state
	closed bool
	// attempts counts the writes that began.
	attempts uint64

	// writing is held during a write, and guards the following. Where both locks are
	// taken, it is the first.
	writing sync.Mutex
	slots   slots
	// scanned is the number of the folder in which the slots were looked at.
	scanned uint64
	// saved is the last change that is on the disk.
	saved   uint64
	lastErr error
	buffer  []byte
	retry   *time.Timer
	warned  bool
}

// opener is the folder of the snapshots.
type opener interface {
	// ready returns nil when this process may write into the folder, and a number
	// that changes when another folder has taken its place.
	ready() (number uint64, err error)
}

// open reads the newest state that can be used. It never fails: what cannot be used
// is reported and kept aside.
func (c *client) open() {
	number, err := c.folder.ready()
	newest, bad := c.slots.scan()
	c.state = newState(c.owner.name, newest)
	c.tell.opened(c.owner, newest, bad)
	if err == nil {
		c.scanned = number
		c.keep(bad)
	}
}

// rescan looks at the slots again if the folder was not there, or another one, when
// they were looked at. What is in memory is newer than anything that it finds.
func (c *client) rescan(number uint64) {
	if c.scanned == number {
		return
	}
	c.scanned = number
	_, bad := c.slots.scan()
	c.keep(bad)
}

func (c *client) keep(bad []unusable) {
	for _, b := range bad {
		name, err := c.slots.setAside(b.file)
		c.tell.keptAside(c.owner, b.file, name, err)
	}
}

// Get returns the value of a key, nil when there is none.
func (c *client) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	return c.state.get(key), nil
}

// Set stores a value and returns when it is on the disk.
func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a key and returns when it is gone from the newest snapshot.
func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

// Batch does the operations in their order and returns when the disk has all of
// them. After a crash it has all or none. Operations that change nothing, with
// nothing left to write, cost nothing.
func (c *client) Batch(_ context.Context, ops ...*storage.Operation) error {
	changes := false
	for _, op := range ops {
		changes = changes || op != nil && op.Type != storage.Get
	}
	c.mu.Lock()
	if err := c.applyLocked(ops); err != nil {
		c.mu.Unlock()
		return err
	}
	change, attempts := c.state.changes, c.attempts
	c.mu.Unlock()
	if !changes {
		return nil
	}
	return c.persist(change, attempts)
}

func (c *client) applyLocked(ops []*storage.Operation) error {
	if c.closed {
		return errClosed
	}
	if err := c.state.apply(ops); err != nil {
		return fmt.Errorf("store the state of %s: %w", c.owner.label, err)
	}
	return nil
}

// Walk calls visit for every key, in ascending order, then does the operations that
// it returned as one Batch. visit must not use the client.
func (c *client) Walk(_ context.Context, visit storage.WalkFunc) error {
	c.mu.Lock()
	ops, err := c.collectLocked(visit)
	if err == nil {
		err = c.applyLocked(ops)
	}
	change, attempts := c.state.changes, c.attempts
	c.mu.Unlock()
	if err != nil || len(ops) == 0 {
		return err
	}
	return c.persist(change, attempts)
}

func (c *client) collectLocked(visit storage.WalkFunc) ([]*storage.Operation, error) {
	if c.closed {
		return nil, errClosed
	}
	var all []*storage.Operation
	for _, r := range c.state.sorted() {
		ops, err := visit(r.key, append([]byte{}, r.value...))
		all = append(all, ops...)
		if errors.Is(err, storage.SkipAll) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Close writes what is not on the disk yet and ends the client. Further calls do
// nothing.
func (c *client) Close(context.Context) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	change, attempts := c.state.changes, c.attempts
	c.mu.Unlock()
	err := c.persist(change, attempts)

	c.writing.Lock()
	if c.retry != nil {
		c.retry.Stop()
	}
	c.writing.Unlock()
	c.tell.closed(c.owner)
	c.closer()
	return err
}
