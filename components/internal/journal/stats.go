// SPDX-License-Identifier: Apache-2.0

package journal

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
func (r *Reader) Stats() Stats { return Stats{} }
