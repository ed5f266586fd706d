// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"fmt"
	"strings"
)

// Mark is a cursor in one sequence of numbers, with what has to be known of it after a
// restart. A machine has several sequences: one in memory until the disk is there, one
// on the disk, one for each namespace, and one for each machine that sends its journal.
// A single cursor orders those by time, and what arrives late in one is behind it; their
// marks together miss nothing.
type Mark struct {
	Cursor
	// Folder is the name of the folder that the entry was read in.
	Folder string
	// Volatile says that it was read of a journal in memory, which is copied to the
	// disk, with other numbers, when the disk is there.
	Volatile bool
}

// String returns the text: that of the cursor, and `d=<folder>` and `v=1` in it, which
// journalctl passes over.
func (m Mark) String() string {
	text := m.Cursor.String() + ";d=" + strings.NewReplacer(";", "_", "\n", "_").Replace(m.Folder)
	if m.Volatile {
		text += ";v=1"
	}
	return text
}

// ParseMark reads the text of a mark. A cursor is a mark as well.
func ParseMark(text string) (m Mark, err error) {
	if m.Cursor, err = ParseCursor(text); err != nil {
		return Mark{}, fmt.Errorf("no mark: %w", err)
	}
	for part := range strings.SplitSeq(strings.TrimSpace(text), ";") {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "d":
			m.Folder = value
		case "v":
			m.Volatile = value == "1"
		}
	}
	return m, nil
}

// copied reports whether an entry was read before it was copied to the disk.
func (m *Mark) copied(f *file, c *Cursor) bool {
	return m.Volatile && !f.volatile && m.Folder == f.folder && m.BootID == c.BootID && c.Monotonic <= m.Monotonic
}
