// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/journal"
	"github.com/tributary-otel/tributary/components/internal/storageclient"
)

// position is how far the journal is delivered: the entry that was the last one, and
// where reading stood in each sequence of numbers. The zero value is its beginning.
type position struct {
	cursor journal.Cursor
	marks  []journal.Mark
}

// known reports whether it is not the beginning.
func (p position) known() bool { return p.cursor != journal.Cursor{} }

// onlyTime reports whether it is a time, and no entry.
func (p position) onlyTime() bool {
	return p.known() && p.cursor == journal.Cursor{Realtime: p.cursor.Realtime}
}

// text is that of the cursor as journalctl has it. A time alone has no other parts, which
// would name an entry that there is not.
func (p position) text() string {
	if p.onlyTime() {
		return fmt.Sprintf("t=%x", p.cursor.Realtime)
	}
	return p.cursor.String()
}

// store keeps the position in a storage extension, under two keys. The first holds the
// cursor as journalctl has it, and is that of OpenTelemetry's receiver for journald. The
// second holds the marks; it counts if the cursor is one of them, hence not after another
// receiver has moved that.
type store struct {
	logger              *zap.Logger
	client              storage.Client
	cursorKey, marksKey string
	loaded              position
	damaged             bool

	mu    sync.Mutex
	saved string
	// failing is true from the first write that fails to the next one that succeeds.
	failing bool
}

// openStore reads what is stored. Without a storage nothing is.
func openStore(ctx context.Context, host component.Host, set receiver.Settings, config *Config) (*store, error) {
	s := &store{logger: set.Logger, client: storage.NewNopClient(), cursorKey: config.ID() + ".lastReadCursor", marksKey: config.ID() + ".marks"}
	if config.Storage == nil {
		set.Logger.Warn("No `storage` is set: after a restart the journal is read from where `start_at` says, and what came in between is missing or sent again")
		return s, nil
	}
	var err error
	if s.client, err = storageclient.Open(ctx, host, component.KindReceiver, set.ID, *config.Storage, "the position"); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read the position in %q: %w", config.Storage, err), s.client.Close(ctx))
	}
	return s, nil
}

func (s *store) load(ctx context.Context) error {
	text, err := s.client.Get(ctx, s.cursorKey)
	if err != nil || len(text) == 0 {
		return err
	}
	cursor, err := journal.ParseCursor(string(text))
	if err != nil {
		// Whatever the position was: from the beginning on, nothing is missing.
		s.damaged = true
		s.logger.Error("The stored position makes no sense; the journal is read again from its beginning, so that nothing is missing", zap.Error(err))
		return nil
	}
	s.loaded.cursor, s.saved = cursor, string(text)
	marks, err := s.client.Get(ctx, s.marksKey)
	if err != nil {
		return err
	}
	s.loaded.marks = parseMarks(string(marks), cursor)
	return nil
}

// parseMarks returns nothing if the marks are not those of the cursor.
func parseMarks(text string, cursor journal.Cursor) (marks []journal.Mark) {
	for line := range strings.Lines(text) {
		mark, err := journal.ParseMark(line)
		if err != nil {
			return nil
		}
		marks = append(marks, mark)
	}
	if !slices.ContainsFunc(marks, func(m journal.Mark) bool { return m.Cursor == cursor }) {
		return nil
	}
	return marks
}

// save stores a position if it is another one. It is asked for while the store is locked,
// so that none is overwritten by one from before it. Where a write fails, reading goes on:
// only a crash would send twice what is in between.
func (s *store) save(ctx context.Context, at func() position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := at()
	if !p.known() || p.text() == s.saved {
		return
	}
	err := s.client.Batch(ctx,
		storage.SetOperation(s.cursorKey, []byte(p.text())), storage.SetOperation(s.marksKey, formatMarks(p.marks)))
	switch {
	case err == nil && s.failing:
		s.logger.Info("The position is stored again")
	case err != nil && !s.failing:
		s.logger.Warn("The position cannot be stored; after a restart entries would be sent again", zap.Error(err))
	}
	if s.failing = err != nil; !s.failing {
		s.saved = p.text()
	}
}

func formatMarks(marks []journal.Mark) []byte {
	lines := make([]string, len(marks))
	for i, m := range marks {
		lines[i] = m.String()
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n"))
}

func (s *store) close(ctx context.Context) error { return s.client.Close(ctx) }
