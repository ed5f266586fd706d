// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/shrink"
	"github.com/tributary-otel/tributary/components/internal/storageclient"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// marks stores how far the files are delivered. The key is the folder of a container,
// the value is the list of its files. A mark is always behind the truth: whoever loses
// one reads lines again.
type marks struct {
	logger *zap.Logger
	client storage.Client
	tail   *tail.Tail
	// read is what was stored by the run before, known of how many containers there was
	// something, also if it cannot be read.
	read  map[tail.Container][]tail.Mark
	known int

	// Of the goroutine that reads.
	stale map[tail.Container]struct{}
	moved []*delivery.Source[reached]
	next  time.Time
	// settled is how many bytes were read and not in flight any more when positions were
	// stored last, unsaved how many more there are at most before they are stored again.
	settled, unsaved int64

	// writes goes to the goroutine that waits for the disk.
	writes chan []*storage.Operation
	done   sync.WaitGroup
	mu     sync.Mutex
	// failed are the containers of which the last write did not succeed, failing since
	// when that is so.
	failed  []tail.Container
	failing time.Time
}

const (
	// saveInterval is how often positions are stored while little is delivered: with its
	// two waits for the disk, a write costs as much as some hundred lines.
	saveInterval = time.Second
	// saveAgain is after how long a write is tried again although nothing has moved.
	saveAgain = 2 * time.Second
)

// openMarks reads what is stored. Without a storage there is nothing to read, and
// nothing is stored.
func openMarks(ctx context.Context, host component.Host, set receiver.Settings, id *component.ID) (*marks, error) {
	m := &marks{
		logger: set.Logger, read: map[tail.Container][]tail.Mark{}, stale: map[tail.Container]struct{}{},
		writes: make(chan []*storage.Operation, 1),
	}
	if id == nil {
		set.Logger.Warn("No `storage` is set: after a restart all files are read from the beginning")
		return m, nil
	}
	client, err := storageclient.OpenWalking(ctx, host, component.KindReceiver, set.ID, *id, "the positions")
	if err != nil {
		return nil, err
	}
	m.client = client
	err = client.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		m.load(key, value)
		return nil, nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the positions in %q: %w", id, err), m.client.Close(ctx))
	}
	return m, nil
}

// load takes a stored value. One that cannot be read is left alone: the lines are read
// again.
func (m *marks) load(key string, value []byte) {
	id, ok := tail.ParseFolder(key)
	if !ok {
		return
	}
	m.known++
	var stored []storedMark
	if err := json.Unmarshal(value, &stored); err != nil {
		m.logger.Warn("Positions cannot be read; the files of the container are read from the beginning",
			zap.String("container", key), zap.Error(err))
		return
	}
	for _, s := range stored {
		m.read[id] = append(m.read[id], s.mark())
	}
}

// storedMark is a mark as it is stored. The offsets are those of the next byte to be
// read, in the decompressed file.
type storedMark struct {
	Restart   int       `json:"restart"`
	Device    uint64    `json:"device"`
	Inode     uint64    `json:"inode"`
	Head      tail.Hash `json:"head"`
	HeadBytes int       `json:"head_bytes"`
	Offset    int64     `json:"offset"`
	// Stdout and Stderr are left out when they are equal to Offset.
	Stdout *int64 `json:"stdout,omitempty"`
	Stderr *int64 `json:"stderr,omitempty"`
	// Dropped is left out when there is nothing to tell.
	Dropped *storedDropped `json:"dropped,omitempty"`
}

// storedDropped is what was dropped before the position, and is not told yet.
type storedDropped struct {
	Lines int64     `json:"lines"`
	Bytes int64     `json:"bytes"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

func newStoredMark(m tail.Mark) storedMark {
	s := storedMark{
		Restart: m.Restart, Device: m.Device, Inode: m.Inode, Head: m.Head, HeadBytes: m.HeadBytes, Offset: m.Position.Offset,
	}
	if m.Position.Stdout != s.Offset {
		s.Stdout = &m.Position.Stdout
	}
	if m.Position.Stderr != s.Offset {
		s.Stderr = &m.Position.Stderr
	}
	if d := m.Position.Dropped; d != (tail.Dropped{}) {
		s.Dropped = &storedDropped{Lines: d.Lines, Bytes: d.Bytes, From: unix(d.From), To: unix(d.To)}
	}
	return s
}

func (s storedMark) mark() tail.Mark {
	m := tail.Mark{
		Bookmark: tail.Bookmark{Restart: s.Restart, Device: s.Device, Inode: s.Inode, Head: s.Head, HeadBytes: s.HeadBytes},
		Position: tail.At(max(s.Offset, 0)),
	}
	if s.Stdout != nil {
		m.Position.Stdout = max(*s.Stdout, 0)
	}
	if s.Stderr != nil {
		m.Position.Stderr = max(*s.Stderr, 0)
	}
	if d := s.Dropped; d != nil {
		m.Position.Dropped = tail.Dropped{Lines: d.Lines, Bytes: d.Bytes, From: d.From.UnixNano(), To: d.To.UnixNano()}
	}
	return m
}

// empty reports whether nothing was stored, as before the first run.
func (m *marks) empty() bool { return m.known == 0 }

// start begins to store, at the latest when so many bytes more are delivered: after a crash
// they come again.
func (m *marks) start(t *tail.Tail, unsaved int64) {
	m.tail, m.unsaved = t, unsaved
	m.done.Go(func() {
		for ops := range m.writes {
			m.write(ops)
		}
	})
}

func (m *marks) changed(id tail.Container) { m.stale[id] = struct{}{} }

// note learns which files have moved.
func (m *marks) note(window *delivery.Window[reached]) {
	m.moved = window.TakeMoved(m.moved[:0])
	for i, source := range m.moved {
		m.stale[source.Position().intake.origin.container] = struct{}{}
		m.moved[i] = nil
	}
}

// pass stores what has moved, not too often, and returns when it wants to again.
func (m *marks) pass(now time.Time, window *delivery.Window[reached]) time.Duration {
	stats := window.Stats()
	settled := stats.Added.Bytes - stats.InFlight.Bytes
	if wait := m.next.Sub(now); wait > 0 && settled-m.settled < m.unsaved {
		return wait
	}
	select {
	case <-window.Changed():
		m.note(window)
	default:
	}
	if len(m.stale) == 0 && !m.mayTryAgain(now) {
		if stats.InFlight.Records > 0 {
			return saveInterval
		}
		return 0
	}
	m.next = now.Add(saveInterval)
	if len(m.writes) == 0 { // Else the disk is slow, and what is stale now gathers.
		m.settled = settled
		m.writes <- m.operations()
	}
	return saveInterval
}

// mayTryAgain reports whether a write has failed, and some time ago.
func (m *marks) mayTryAgain(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.failed) > 0 && now.Sub(m.failing) >= saveAgain
}

// operations store what is stale.
func (m *marks) operations() []*storage.Operation {
	m.mu.Lock()
	for _, id := range m.failed {
		m.stale[id] = struct{}{}
	}
	m.failed = nil
	m.mu.Unlock()
	ops := make([]*storage.Operation, 0, len(m.stale))
	for id := range m.stale {
		ops = append(ops, m.operation(id))
	}
	shrink.Clear(&m.stale)
	return ops
}

func (m *marks) operation(id tail.Container) *storage.Operation {
	list := m.tail.Marks(id)
	if len(list) == 0 {
		return storage.DeleteOperation(id.Folder())
	}
	stored := make([]storedMark, len(list))
	for i, mark := range list {
		stored[i] = newStoredMark(mark)
	}
	value, err := json.Marshal(stored)
	if err != nil { // Numbers and a hash can always be written.
		panic(err)
	}
	return storage.SetOperation(id.Folder(), value)
}

// write waits for the disk. What could not be written is written with what follows.
func (m *marks) write(ops []*storage.Operation) {
	if m.client == nil || len(ops) == 0 {
		return
	}
	err := m.client.Batch(context.Background(), ops...)
	m.mu.Lock()
	defer m.mu.Unlock()
	failed := !m.failing.IsZero()
	if err == nil {
		m.failing = time.Time{}
		if failed {
			m.logger.Info("Positions are stored again")
		}
		return
	}
	m.failing = time.Now()
	if !failed {
		m.logger.Warn("Positions cannot be stored; after a restart lines would be sent again", zap.Error(err))
	}
	for _, op := range ops {
		if id, ok := tail.ParseFolder(op.Key); ok {
			m.failed = append(m.failed, id)
		}
	}
}

// close stores what is left. The receiver has stopped.
func (m *marks) close(ctx context.Context) error {
	if m.tail != nil {
		close(m.writes)
		m.done.Wait()
		m.write(m.operations())
	}
	if m.client == nil {
		return nil
	}
	return m.client.Close(ctx)
}
