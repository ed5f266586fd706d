// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import "github.com/tributary-otel/tributary/components/internal/journal"

// held is an entry that was copied out of the reader. The strings are the reader's, and
// fields points into memory of the batch: neither is ever changed.
type held struct {
	cursor journal.Cursor
	fields []journal.Field
	file   uint32
	bytes  int64
}

// get returns the first field of a name.
func (h *held) get(name string) (value string, ok bool) {
	for i := range h.fields {
		if h.fields[i].Name == name {
			return h.fields[i].Value, true
		}
	}
	return "", false
}
