// SPDX-License-Identifier: Apache-2.0

package journaltest

const (
	arrayHead = 24
	// leastSlots is how many slots the first array of a list has.
	leastSlots = 4
)

// list is a chain of arrays with offsets of entries: that of the file, or that of
// a value.
type list struct {
	// first is where the offset of the first array stands, length is how many entries
	// there are.
	first, length uint64
	// tail is where the offset of the last array and the number of its entries stand,
	// four bytes each, 0 if that is not stored.
	tail uint64
}

// add appends an entry to a list, whose length the caller raises then. A new
// array has twice the slots of the one before it.
func (f *File) add(l list, entry uint64) {
	var last, lastSlots uint64
	rest := l.length
	for array := f.number(l.first); array != 0; array = f.number(array + objectHead) {
		slots := (f.number(array+8) - arrayHead) / f.slotSize()
		if rest < slots {
			f.putSlot(array, rest, entry)
			f.putTail(l.tail, array, rest+1)
			return
		}
		rest -= slots
		last, lastSlots = array, slots
	}
	slots := max(leastSlots, 2*lastSlots)
	array := f.newObject(typeEntryArray, 0, arrayHead+slots*f.slotSize())
	f.putSlot(array, 0, entry)
	if last == 0 {
		f.putNumber(l.first, array)
	} else {
		f.putNumber(last+objectHead, array)
	}
	f.putTail(l.tail, array, 1)
	f.count(atEntryArrays)
}

func (f *File) slotSize() uint64 {
	if f.options.Compact {
		return 4
	}
	return 8
}

func (f *File) putSlot(array, slot, entry uint64) {
	at := array + arrayHead + slot*f.slotSize()
	if f.options.Compact {
		f.putShort(at, entry)
	} else {
		f.putNumber(at, entry)
	}
}

func (f *File) putTail(at, array, entries uint64) {
	if at != 0 {
		f.putShort(at, array)
		f.putShort(at+4, entries)
	}
}
