// SPDX-License-Identifier: Apache-2.0

package journal

// Entry is one entry of a journal. It is good until the next call of Reader.Next: a
// caller that keeps it copies what it needs. The strings in it may be kept.
type Entry struct {
	// Cursor is where the entry stands.
	Cursor Cursor
	// Fields are the fields as they are stored, in the file's order. A name may stand
	// there several times.
	Fields []Field
	// Bytes is what the fields would take as text, `NAME=value` and a line feed each,
	// before anything was cut.
	Bytes int64
	// File is a number for the file that the entry is read from, other than that of any
	// other file that this reader has read.
	File uint32
}

// Field is one field of an entry.
type Field struct {
	// Name is of ASCII capitals, digits and underscores.
	Name string
	// Value may hold any bytes.
	Value string
	// Ref is where the field stands in its file: two entries of one File that share a
	// Ref share the field's name and value.
	Ref uint64
	// Cut is how many bytes of the value are left out, since it is above
	// Options.MaxFieldBytes.
	Cut int64
}

// Get returns the first field of a name.
func (e *Entry) Get(name string) (value string, ok bool) {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value, true
		}
	}
	return "", false
}
