// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Trouble is a kind of what is unusual.
type Trouble string

// The kinds of trouble.
const (
	// Unreadable is a file or folder that may not be read. It is tried again.
	Unreadable Trouble = "unreadable"
	// Missing is a folder that does not exist. It is looked for again.
	Missing Trouble = "missing"
	// Unsupported is a file with a property that this reader does not know, and without
	// which it would be misread. It is left out.
	Unsupported Trouble = "unsupported"
	// NoJournal is a file with the name of a journal that is none.
	NoJournal Trouble = "no_journal"
	// Damaged is a part of a file that makes no sense. It is skipped.
	Damaged Trouble = "damaged"
	// Gap is a number of entries that were deleted before they were read.
	Gap Trouble = "gap"
	// Vacuumed is a file that was deleted before it was read to its end.
	Vacuumed Trouble = "vacuumed"
	// WatchFailed is that the kernel does not report changes of a folder; it is looked
	// at from time to time instead.
	WatchFailed Trouble = "watch_failed"
)

// Stats are numbers for metrics.
type Stats struct {
	// Entries were returned, Filtered were not wanted, Duplicates were read a second
	// time, as journald copies them from /run to /var.
	Entries, Filtered, Duplicates int64
	// Lost is how many entries were deleted before they were read.
	Lost int64
	// Damaged is how many objects were skipped.
	Damaged int64
	// Files are open; Troubled are there and not read.
	Files, Troubled int
	// LagMicroseconds is how much later the newest entry was written than the last one
	// that was looked at.
	LagMicroseconds int64
}

// Stats may be called at any time, from any goroutine.
func (r *Reader) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

func (r *Reader) count(change func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
}

// measure finds out what changes of itself.
func (r *Reader) measure() {
	files, newest, troubled := 0, uint64(0), 0
	for _, f := range r.files {
		if f.handle != nil {
			files++
		}
		newest = max(newest, f.header.tailTime)
		if f.aside {
			troubled++
		}
	}
	for _, n := range r.paths {
		if n.told != "" {
			troubled++
		}
	}
	r.count(func(n *Stats) {
		n.Files, n.Troubled, n.LagMicroseconds = files, troubled, 0
		if at := r.position.Realtime; at != 0 && newest > at {
			n.LagMicroseconds = int64(newest - at)
		}
	})
}

func (r *Reader) trouble(kind Trouble, path string, err error) {
	r.options.Trouble(kind, path, err)
}

// damaged is called for what is skipped.
func (r *Reader) damaged(f *file, err error) {
	r.count(func(n *Stats) { n.Damaged++ })
	r.trouble(Damaged, f.path, err)
}

// lost is called for entries that were deleted before they were read. Where some files
// of a journal are not read, nobody can say what numbers those hold.
func (r *Reader) lost(f *file, entries uint64) {
	if r.partial[filepath.Dir(f.path)] {
		return
	}
	r.count(func(n *Stats) { n.Lost += int64(entries) })
	r.trouble(Gap, f.path, fmt.Errorf("%d entries were deleted before they were read", entries))
}

var errVacuumed = errors.New("it was deleted before it was read to its end")
