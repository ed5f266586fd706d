// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"fmt"
	"os"
)

// Write is one change of a file.
type Write struct {
	// Offset is where Data goes to. With Data nil, the file is made that long.
	Offset int64
	Data   []byte
}

// Apply does it to a file.
func (w Write) Apply(file *os.File) error {
	var err error
	if w.Data == nil {
		err = file.Truncate(w.Offset)
	} else {
		_, err = file.WriteAt(w.Data, w.Offset)
	}
	if err != nil {
		return fmt.Errorf("change a journal: %w", err)
	}
	return nil
}

// Writes are all changes so far, in order, that lead from an empty file to this
// one. journald writes to memory that it shares with readers, so that they may
// see any beginning of them, apart from those that go into the same eight bytes.
func (f *File) Writes() []Write { return f.writes }
