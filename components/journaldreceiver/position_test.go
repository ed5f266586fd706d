// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// Where reading begins, with three entries that are there already.
func TestWhereReadingBegins(t *testing.T) {
	marks := journal.Mark{Cursor: cursorOf(2), Folder: "machine"}.String()
	for _, tt := range []struct {
		name          string
		change        func(*Config)
		cursor, marks string
		sought        string
		want          []string
	}{
		{"at the beginning", nil, "", "", "head", []string{"1", "2", "3", "new"}},
		{"at the end", func(c *Config) { c.StartAt = startAtEnd }, "", "", "tail", []string{"new"}},
		{"at an age", func(c *Config) { c.MaxAge = 200000 * time.Hour }, "", "", "time", []string{"1", "2", "3", "new"}},
		{"a stored cursor wins over the end", func(c *Config) { c.StartAt = startAtEnd }, cursorOf(1).String(), "", "cursor 1", []string{"2", "3", "new"}},
		{"and over an age", func(c *Config) { c.MaxAge = time.Hour }, cursorOf(1).String(), "", "cursor 1", []string{"2", "3", "new"}},
		{"marks that go with the cursor", nil, cursorOf(2).String(), marks, "marks 2", []string{"3", "new"}},
		{"marks that do not", nil, cursorOf(1).String(), marks, "cursor 1", []string{"2", "3", "new"}},
		{"marks that make no sense", nil, cursorOf(1).String(), "x", "cursor 1", []string{"2", "3", "new"}},
		{"a time of a first start", func(c *Config) { c.StartAt = startAtEnd }, "t=60a24181e4002", "", "time", []string{"2", "3", "new"}},
		{"a cursor that makes no sense", func(c *Config) { c.StartAt = startAtEnd }, "nonsense", "", "head", []string{"1", "2", "3", "new"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			if tt.change != nil {
				tt.change(m.config)
			}
			m.book.write("1", "2", "3")
			if tt.cursor != "" {
				m.put("journald_input.lastReadCursor", tt.cursor)
				m.put("journald_input.marks", tt.marks)
			}
			m.start()
			m.book.write("new")
			m.wants(tt.want...)
			assert.Equal(t, []string{tt.sought}, m.book.sought)
			m.storedIs(4)
			assert.Equal(t, tt.cursor == "nonsense", m.logs.FilterMessageSnippet("makes no sense; the journal is read again").Len() > 0)
		})
	}
}

// What comes after the first start is not lost if the process ends before anything is
// delivered.
func TestTheEndIsStoredAtOnce(t *testing.T) {
	m := newMachine(t)
	m.config.StartAt = startAtEnd
	m.start()
	cursor, _ := m.stored()
	c, err := journal.ParseCursor(cursor)
	require.NoError(t, err)
	assert.Equal(t, journal.Cursor{Realtime: c.Realtime}, c)
	assert.InDelta(t, time.Now().UnixMicro(), c.Realtime, float64(time.Hour/time.Microsecond))
}

func TestWithoutAStorageNothingIsStoredAndThatIsSaid(t *testing.T) {
	m := newMachine(t)
	m.config.Storage = nil
	m.book.write("a")
	m.start()
	m.wants("a")
	assert.Len(t, m.logs.FilterMessageSnippet("No `storage` is set").All(), 1)
}

// failingClient fails as long as it is told to.
type failingClient struct {
	storage.Client
	err  error
	sets []string
}

func (c *failingClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	if c.err != nil {
		return c.err
	}
	c.sets = append(c.sets, string(ops[0].Value))
	return nil
}

func TestAPositionThatCannotBeStoredIsStoredLater(t *testing.T) {
	m := newMachine(t)
	client := &failingClient{err: errors.New("disk full")}
	s := &store{logger: m.settings.Logger, client: client, cursorKey: "c", marksKey: "m"}
	at := position{}
	save := func(n uint64) {
		if n > 0 {
			at = position{cursor: cursorOf(n)}
		}
		s.save(t.Context(), func() position { return at })
	}
	save(0)
	save(1)
	save(2)
	client.err = nil
	save(2)
	save(2)
	save(3)
	assert.Equal(t, []string{cursorOf(2).String(), cursorOf(3).String()}, client.sets)
	assert.Len(t, m.logs.FilterMessageSnippet("cannot be stored").All(), 1)
	assert.Len(t, m.logs.FilterMessageSnippet("is stored again").All(), 1)
}

func TestAStorageThatIsNotThereIsAnErrorOfTheStart(t *testing.T) {
	m := newMachine(t)
	m.start()
	set := m.receiver.set
	_, err := openStore(t.Context(), host{}, set, m.config)
	require.EqualError(t, err, "`storage` names \"checkpoint_storage\", which is not a storage extension that the service has")
}
