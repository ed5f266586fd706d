// SPDX-License-Identifier: Apache-2.0

package journal

import "slices"

// When the disk is there, journald copies what it has kept in memory to it. The copies
// have other numbers, and the same times, boot and hash. The files in memory are held
// open, though they have no name any more, until the last copy was seen: they tell
// exactly what is one.

// isCopy reports whether an entry on the disk is a copy of one in memory.
func (r *Reader) isCopy(f *file) bool {
	if f.volatile || len(r.volatile) == 0 {
		return false
	}
	for i := 0; i < len(r.volatile); i++ {
		v := r.volatile[i]
		if v.folder != f.folder || v.handle == nil || v.header.tailBootID != (ID{}) && v.header.tailBootID != f.place.BootID {
			continue
		}
		if v.live && v.read < f.read {
			r.refresh(v)
		}
		if f.place.Monotonic > v.header.tailMonotonic {
			if v.done && v.unnamed { // The copying has gone past it.
				r.forget(v)
				i--
			}
			continue
		}
		if v.holds(&f.place) {
			return true
		}
	}
	return false
}

// holds reports whether the very entry is in the file.
func (f *file) holds(want *Cursor) bool {
	low, high := uint64(0), f.header.entries
	for low < high {
		middle := low + (high-low)/2
		c, _, err := f.entryAt(middle)
		if err != nil {
			return false
		}
		if c.BootID == want.BootID && c.Monotonic >= want.Monotonic {
			high = middle
		} else {
			low = middle + 1
		}
	}
	for ; low < f.header.entries; low++ {
		c, _, err := f.entryAt(low)
		if err != nil || c.BootID != want.BootID || c.Monotonic != want.Monotonic {
			return false
		}
		if c.Realtime == want.Realtime && c.XorHash == want.XorHash {
			return true
		}
	}
	return false
}

// forget closes a file that was read to its end and has lost its name.
func (r *Reader) forget(f *file) {
	f.close()
	r.volatile = slices.DeleteFunc(r.volatile, func(v *file) bool { return v == f })
	delete(r.files, f.header.fileID)
}
