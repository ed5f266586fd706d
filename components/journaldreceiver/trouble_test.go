// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

func TestTheRightsThatAreMissingAreNamed(t *testing.T) {
	there := func(name string) (*user.Group, error) { return &user.Group{Name: name, Gid: "101"}, nil }
	assert.Contains(t, rights(there), "needs the group systemd-journal (gid 101)")
	notThere := func(name string) (*user.Group, error) { return nil, user.UnknownGroupError(name) }
	assert.Contains(t, rights(notThere), "usually systemd-journal, which has no name here; a container needs its number on the host")
}

// A status is unhealthy when something that is to be read is not.
func TestTheStatusIsThatOfTheFiles(t *testing.T) {
	for _, tt := range []struct {
		name      string
		kind      journal.Trouble
		named     bool
		unhealthy bool
	}{
		{"a folder that may not be read", journal.Unreadable, false, true},
		{"a file of a newer systemd", journal.Unsupported, false, true},
		{"no folder on a machine without a journal", journal.Missing, false, false},
		{"no folder, which the user has named", journal.Missing, true, true},
		{"a damaged file", journal.Damaged, false, false},
		{"a gap", journal.Gap, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			path := filepath.Join(t.TempDir(), "x.journal")
			if tt.named {
				m.config.Directory = []string{path}
			}
			m.start()
			if tt.kind == journal.Unsupported {
				require.NoError(t, os.WriteFile(path, nil, 0o600))
			}
			m.book.trouble(tt.kind, path, errors.New("it is so"))
			require.Eventually(t, func() bool { return m.receiver.trouble.Of(tt.kind) == 1 }, patience, time.Millisecond)
			if !tt.unhealthy {
				assert.Empty(t, m.told())
				return
			}
			require.Eventually(t, func() bool { return len(m.told()) > 0 }, patience, time.Millisecond)
			assert.Contains(t, m.told()[0], "StatusRecoverableError: journal "+path+": it is so")
		})
	}
}

func TestTheStatusRecoversWhenAllCanBeRead(t *testing.T) {
	m := newMachine(t)
	m.config.Directory = []string{filepath.Join(t.TempDir(), "later")}
	m.start()
	m.book.trouble(journal.Missing, m.config.Directory[0], fs.ErrNotExist)
	require.Eventually(t, func() bool { return len(m.told()) == 1 }, patience, time.Millisecond)
	require.NoError(t, os.Mkdir(m.config.Directory[0], 0o700))
	require.Eventually(t, func() bool { return len(m.told()) == 2 }, patience, time.Millisecond)
	assert.Equal(t, "StatusOK", m.told()[1])
}

func TestWhatCannotBeReadRemains(t *testing.T) {
	folder := t.TempDir()
	there, gone := filepath.Join(folder, "there"), filepath.Join(folder, "gone")
	require.NoError(t, os.WriteFile(there, nil, 0o600))
	for _, tt := range []struct {
		kind journal.Trouble
		path string
		want bool
	}{
		{journal.Unreadable, there, false},
		{journal.Unreadable, gone, false},
		{journal.Unsupported, there, true},
		{journal.Unsupported, gone, false},
		{journal.Missing, there, false},
		{journal.Missing, gone, true},
		{journal.Missing, filepath.Join(folder, "*"), false},
	} {
		assert.Equal(t, tt.want, remains(tt.kind, tt.path), "%s %s", tt.kind, tt.path)
	}
}
