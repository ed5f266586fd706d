// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/anomaly"
	"github.com/tributary-otel/tributary/components/internal/journal"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// kinds are all kinds, with what to do.
var kinds = []anomaly.Kind[journal.Trouble]{
	{Name: journal.Unreadable, Hint: "cannot be read; it is tried again"},
	{Name: journal.Missing, Hint: "there is no such folder or file; it is looked for again", Usual: true},
	{Name: journal.Unsupported, Hint: "a file has a property that is not known here; it is left out, the others are read. A newer version of the collector may read it"},
	{Name: journal.NoJournal, Hint: "a file with the name of a journal is none; it is left alone"},
	{Name: journal.Damaged, Hint: "a part of a file makes no sense; it is skipped"},
	{Name: journal.Gap, Hint: "entries are gone. Either the journal keeps too little (SystemMaxUse= in journald.conf), or they cannot be delivered fast enough"},
	{Name: journal.Vacuumed, Hint: "a file was deleted before it was read to its end"},
	{Name: journal.WatchFailed, Hint: "changes are not reported by the kernel; the folders are looked at instead. fs.inotify.max_user_watches or max_user_instances may be too small"},
}

// trouble counts what is unusual, says so in the log, not too often, and knows what is
// not read. It is used by the goroutine that reads, apart from its counts.
type trouble struct {
	*anomaly.Book[journal.Trouble]
	health *outlet.Health
	// rights say what the collector needs to read the journal.
	rights string
	// named says that the user has named what is read, so that it has to be there. Without
	// that, a machine without a journal is as well as any other.
	named bool
	// unread are the paths that are not read.
	unread map[string]journal.Trouble
}

func newTrouble(logger *zap.Logger, health *outlet.Health, config *Config) *trouble {
	return &trouble{
		Book: anomaly.NewBook(logger, "Journal", kinds), health: health, rights: rights(user.LookupGroup),
		named:  len(config.Directory) > 0 || len(config.Files) > 0 || config.RootPath != "",
		unread: map[string]journal.Trouble{},
	}
}

const group = "systemd-journal"

// rights says what the collector needs to read the journal.
func rights(lookup func(string) (*user.Group, error)) string {
	if g, err := lookup(group); err == nil {
		return fmt.Sprintf("user %d of the collector needs the group %s (gid %s)", os.Geteuid(), group, g.Gid)
	}
	return fmt.Sprintf("user %d of the collector needs the group of the journal, usually %s, which has no name here; "+
		"a container needs its number on the host", os.Geteuid(), group)
}

func (t *trouble) tell(kind journal.Trouble, path string, err error) {
	if err == nil {
		err = errors.New(string(kind))
	}
	fields := []zap.Field{zap.String("file", path), zap.Error(err)}
	hint := t.Hint(kind)
	if kind == journal.Unreadable {
		hint += ": " + t.rights
		fields = append(fields, zap.String("needs", t.rights))
	}
	t.Tell(kind, fields...)
	if kind == journal.Unreadable || kind == journal.Unsupported || kind == journal.Missing && t.named {
		t.unread[path] = kind
		t.health.Read(fmt.Errorf("journal %s: %w: %s", path, err, hint))
	}
}

// unreadable finds out whether something is not read still.
func (t *trouble) unreadable() bool {
	for path, kind := range t.unread {
		if !remains(kind, path) {
			delete(t.unread, path)
		}
	}
	return len(t.unread) > 0
}

func remains(kind journal.Trouble, path string) bool {
	switch kind {
	case journal.Missing:
		found, err := filepath.Glob(path)
		return err == nil && len(found) == 0
	case journal.Unsupported:
		_, err := os.Stat(path)
		return !errors.Is(err, fs.ErrNotExist)
	}
	f, err := os.Open(path)
	if err == nil {
		_ = f.Close()
	}
	return err != nil && !errors.Is(err, fs.ErrNotExist)
}
