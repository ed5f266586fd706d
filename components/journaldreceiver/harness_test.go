// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension"
	"github.com/tributary-otel/tributary/components/internal/journal"
	"github.com/tributary-otel/tributary/components/journaldreceiver/internal/metadata"
)

// patience is how long a loaded machine may take.
const patience = 30 * time.Second

// book is a journal in memory, for what a real one does not do when it is asked to.
type book struct {
	mu      sync.Mutex
	entries []journal.Entry
	// hidden are numbers of entries that a filter leaves out.
	hidden map[uint64]bool
	more   chan struct{}
	next   int
	at     journal.Cursor
	sought []string
	tell   func(journal.Trouble, string, error)
	// troubles are told with the next call of Next.
	troubles []func()
}

func newBook() *book { return &book{more: make(chan struct{}, 1), hidden: map[uint64]bool{}} }

func cursorOf(n uint64) journal.Cursor {
	return journal.Cursor{SeqnumID: journal.ID{1}, Seqnum: n, BootID: journal.ID{2}, Monotonic: n, Realtime: 1_700_000_000_000_000 + n, XorHash: n}
}

// write adds entries with these messages.
func (b *book) write(messages ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, message := range messages {
		n := uint64(len(b.entries) + 1)
		b.entries = append(b.entries, journal.Entry{
			Cursor: cursorOf(n), Bytes: int64(len(message)) + 9,
			Fields: []journal.Field{{Name: "MESSAGE", Value: message, Ref: 2 * n}, {Name: "_HOSTNAME", Value: "h", Ref: 1}},
		})
	}
	b.wake()
}

// hide adds entries that are not wanted.
func (b *book) hide(n int) {
	for range n {
		b.write("hidden")
		b.mu.Lock()
		b.hidden[uint64(len(b.entries))] = true
		b.mu.Unlock()
	}
}

func (b *book) trouble(kind journal.Trouble, path string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, func() { b.tell(kind, path, err) })
	b.wake()
}

func (b *book) wake() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *book) Next() (*journal.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, tell := range b.troubles {
		tell()
	}
	b.troubles = nil
	for b.next < len(b.entries) {
		e := b.entries[b.next]
		b.next++
		b.at = e.Cursor
		if !b.hidden[e.Cursor.Seqnum] {
			e.Fields = append([]journal.Field(nil), e.Fields...)
			return &e, nil
		}
	}
	return nil, nil
}

func (b *book) Wait(ctx context.Context) error {
	select {
	case <-b.more:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *book) Position() journal.Cursor { return b.at }
func (b *book) Marks() []journal.Mark    { return []journal.Mark{{Cursor: b.at, Folder: "machine"}} }
func (b *book) Stats() journal.Stats     { return journal.Stats{Files: 1} }
func (b *book) Close() error             { return nil }

func (b *book) seek(how string, wanted func(journal.Cursor) bool) {
	b.sought = append(b.sought, how)
	b.next, b.at = len(b.entries), journal.Cursor{}
	for i, e := range b.entries {
		if wanted(e.Cursor) {
			b.next = i
			return
		}
	}
}

func (b *book) SeekHead() { b.seek("head", func(journal.Cursor) bool { return true }) }
func (b *book) SeekTail() { b.seek("tail", func(journal.Cursor) bool { return false }) }

func (b *book) SeekRealtime(usec uint64) {
	b.seek("time", func(c journal.Cursor) bool { return c.Realtime >= usec })
}

func (b *book) SeekCursor(at journal.Cursor) {
	b.seek(fmt.Sprintf("cursor %d", at.Seqnum), func(c journal.Cursor) bool { return c.Seqnum > at.Seqnum })
}

func (b *book) SeekMarks(marks []journal.Mark) {
	b.seek(fmt.Sprintf("marks %d", marks[0].Seqnum), func(c journal.Cursor) bool { return c.Seqnum > marks[0].Seqnum })
}

// machine has a journal, and a receiver that reads it. It lives through restarts of the
// receiver.
type machine struct {
	t        *testing.T
	book     *book
	state    string
	config   *Config
	receiver *journald
	storage  component.Component
	settings component.TelemetrySettings
	logs     *observer.ObservedLogs

	mu   sync.Mutex
	got  []string
	lots []int
	// before is called with each batch, of several at once if they come so.
	before func([]string)
	fail   func([]string) error
	status []*componentstatus.Event
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, book: newBook(), state: t.TempDir()}
	m.config = createDefaultConfig().(*Config)
	m.config.StartAt = startAtBeginning
	m.config.Batch.Timeout = 10 * time.Millisecond
	m.config.DeadLetter.Path = filepath.Join(m.state, "dead.jsonl")
	m.config.ShutdownTimeout = 100 * time.Millisecond
	m.config.RetryOnFailure.InitialInterval = time.Millisecond
	m.config.RetryOnFailure.MaxInterval = 10 * time.Millisecond
	id := component.MustNewID("checkpoint_storage")
	m.config.Storage = &id
	m.settings = componenttest.NewNopTelemetrySettings()
	core, logs := observer.New(zap.InfoLevel)
	m.logs, m.settings.Logger = logs, zap.New(core)
	t.Cleanup(m.stop)
	return m
}

// host is the collector, with an extension or none.
type host struct {
	extensions map[component.ID]component.Component
	report     func(*componentstatus.Event)
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }
func (h host) Report(e *componentstatus.Event)                     { h.report(e) }

func (m *machine) reported(e *componentstatus.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = append(m.status, e)
}

func (m *machine) told() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.status {
		text := e.Status().String()
		if e.Err() != nil {
			text += ": " + e.Err().Error()
		}
		list = append(list, text)
	}
	return list
}

// openStorage starts the extension.
func (m *machine) openStorage() host {
	h := host{extensions: map[component.ID]component.Component{}, report: m.reported}
	if m.config.Storage == nil {
		return h
	}
	if m.storage == nil {
		factory := checkpointstorageextension.NewFactory()
		config := factory.CreateDefaultConfig().(*checkpointstorageextension.Config)
		config.Directory = filepath.Join(m.state, "checkpoints")
		var err error
		m.storage, err = factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
		require.NoError(m.t, err)
		require.NoError(m.t, m.storage.Start(context.Background(), h))
	}
	h.extensions[*m.config.Storage] = m.storage
	return h
}

func (m *machine) start() {
	m.t.Helper()
	h := m.openStorage()
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // The same one in each run.
	set.TelemetrySettings = m.settings
	next, err := consumer.NewLogs(m.consume, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
	require.NoError(m.t, err)
	require.NoError(m.t, m.config.Validate())
	m.receiver, err = newReceiver(set, m.config, next)
	require.NoError(m.t, err)
	m.receiver.open = func(o journal.Options) (reader, error) {
		m.book.tell = o.Trouble
		return m.book, nil
	}
	require.NoError(m.t, m.receiver.Start(context.Background(), h))
}

func (m *machine) stop() {
	if m.receiver != nil {
		require.NoError(m.t, m.receiver.Shutdown(context.Background()))
		m.receiver = nil
	}
	if m.storage != nil {
		require.NoError(m.t, m.storage.Shutdown(context.Background()))
		m.storage = nil
	}
}

func (m *machine) consume(_ context.Context, logs plog.Logs) error {
	var bodies []string
	for _, r := range logs.ResourceLogs().All() {
		for _, s := range r.ScopeLogs().All() {
			for _, record := range s.LogRecords().All() {
				body := record.Body().AsString()
				if record.Body().Type() == pcommon.ValueTypeMap {
					message, _ := record.Body().Map().Get("MESSAGE")
					body = message.AsString()
				}
				bodies = append(bodies, body)
				record.Body().SetStr("changed by the pipeline")
			}
		}
	}
	if m.before != nil {
		m.before(bodies)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(bodies); err != nil {
			return err
		}
	}
	m.got = append(m.got, bodies...)
	m.lots = append(m.lots, len(bodies))
	return nil
}

func (m *machine) failing(fail func([]string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *machine) messages() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.got...)
}

// wants waits until these have arrived, in this order, and nothing else.
func (m *machine) wants(want ...string) {
	m.t.Helper()
	require.Eventually(m.t, func() bool { return len(m.messages()) >= len(want) }, patience, time.Millisecond)
	require.Equal(m.t, want, m.messages())
}

// stored is what the storage holds.
func (m *machine) stored() (cursor, marks string) {
	m.receiver.store.mu.Lock()
	defer m.receiver.store.mu.Unlock()
	c, err := m.receiver.store.client.Get(context.Background(), "journald_input.lastReadCursor")
	require.NoError(m.t, err)
	k, err := m.receiver.store.client.Get(context.Background(), "journald_input.marks")
	require.NoError(m.t, err)
	return string(c), string(k)
}

// storedIs waits until the position is that of an entry.
func (m *machine) storedIs(n uint64) {
	m.t.Helper()
	want := cursorOf(n).String()
	require.Eventually(m.t, func() bool { c, _ := m.stored(); return c == want }, patience, time.Millisecond, "want the position of entry %d", n)
}

// put writes to the storage before the receiver starts.
func (m *machine) put(key, value string) {
	m.t.Helper()
	h := m.openStorage()
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	set.TelemetrySettings = m.settings
	s, err := openStore(context.Background(), h, set, m.config)
	require.NoError(m.t, err)
	require.NoError(m.t, s.client.Set(context.Background(), key, []byte(value)))
	require.NoError(m.t, s.close(context.Background()))
}

func (m *machine) deadLetters() string {
	raw, err := os.ReadFile(m.config.DeadLetter.Path)
	require.NoError(m.t, err)
	return string(raw)
}

// read is how many entries were asked for.
func (b *book) read() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}
