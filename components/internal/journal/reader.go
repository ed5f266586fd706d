// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
)

// Options say what is read. The zero value reads the journals of this machine.
type Options struct {
	// Directories are looked through for journal files, which lie there, or in folders
	// named <machine ID>, <machine ID>.<namespace> or remote (default: /var/log/journal
	// and /run/log/journal). One that does not exist yet is looked for again.
	Directories []string
	// Files are globs of journal files, which are then read in place of Directories.
	Files []string
	// Namespaces are those of which the journals are read, by name or glob; "" is the
	// default one (default: only that). It has no meaning with Files.
	Namespaces []string
	// Merge reads the journals of all machines whose files are in Directories, and not
	// only this machine's and those of folders that say no machine.
	Merge bool
	// MachineID is this machine's (default: what /etc/machine-id says, and if there is
	// none, all machines' journals are read).
	MachineID string
	// BootID is the boot of which entries are read (default: all boots).
	BootID ID
	// Filter chooses entries.
	Filter Filter
	// MaxFieldBytes bounds a value; of longer ones, the beginning is read (default:
	// 1 MiB).
	MaxFieldBytes int
	// Trouble is told what is unusual. It is called from the goroutine that calls the
	// reader.
	Trouble func(kind Trouble, path string, err error)
}

// Reader reads a set of journal files as one stream. Only Stats may be called from
// other goroutines than the one that reads.
type Reader struct{}

// Open begins. Files that cannot be read are told to Options.Trouble and tried again:
// only what can never be right is an error, such as a malformed glob.
func Open(o Options) (*Reader, error) { return nil, errors.New("not there yet") }

// SeekHead goes before the oldest entry; that is where a reader stands at first.
func (r *Reader) SeekHead() {}

// SeekTail goes behind the newest entry.
func (r *Reader) SeekTail() {}

// SeekRealtime goes before the first entry that was written at or after a time, in
// microseconds since 1970.
func (r *Reader) SeekRealtime(usec uint64) {}

// SeekCursor goes behind the entry that a cursor names. If that entry is gone, it goes
// before the first one that came after it: by number if the sequence is still there,
// else by the time of its boot, else by the real time.
func (r *Reader) SeekCursor(c Cursor) {}

// Next returns the next entry that is wanted, or nil if there is none yet.
func (r *Reader) Next() (*Entry, error) { return nil, nil }

// Position is the last entry that was looked at, wanted or not. Everything up to there
// has been returned or was not wanted.
func (r *Reader) Position() Cursor { return Cursor{} }

// Wait returns when there may be a next entry, or with the context's error.
func (r *Reader) Wait(ctx context.Context) error { return nil }

// Close closes the files.
func (r *Reader) Close() error { return nil }
