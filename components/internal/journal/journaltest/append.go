// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// Entry is an entry to be written. What is 0 goes on from the entry before it:
// the numbers by one, the times by one second, the boot as it is.
type Entry struct {
	// Realtime and Monotonic are in microseconds.
	Realtime, Monotonic uint64
	BootID              [16]byte
	Seqnum              uint64
	Fields              []Field
}

// Field is one field of an entry. A name may be given several times.
type Field struct{ Name, Value string }

// Offsets in the objects.
const (
	atDataNextField = 32
	atDataEntry     = 40
	atDataArray     = 48
	atDataEntries   = 56
	atDataTailArray = 64
	dataHead        = 64
	dataHeadCompact = 72
	atFieldData     = 32
	fieldHead       = 40
)

const second = 1_000_000

// item is a value that an entry has.
type item struct{ offset, hash uint64 }

// Append appends an entry, and returns where it stands.
func (f *File) Append(e Entry) (offset uint64) {
	f.t.Helper()
	f.goOn(e)
	var items []item
	var xor uint64
	for _, field := range e.Fields {
		payload := []byte(field.Name + "=" + field.Value)
		xor ^= jenkins(payload)
		items = append(items, f.data(field.Name, payload))
	}
	// journald sorts values by where they are, and an entry has none twice.
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.offset, b.offset) })
	items = slices.Compact(items)

	f.putNumber(atTailSeqnum, f.seqnum)
	if f.number(atHeadSeqnum) == 0 {
		f.putNumber(atHeadSeqnum, f.seqnum)
	}
	f.put(atTailBootID, f.boot[:])
	offset = f.entry(items, xor)

	tail := uint64(0)
	if f.hasHeader(atTailEntry) {
		tail = atTailArray
	}
	f.add(list{first: atEntryArray, length: f.number(atEntries), tail: tail}, offset)
	f.count(atEntries)
	if f.number(atHeadRealtime) == 0 {
		f.putNumber(atHeadRealtime, f.realtime)
	}
	f.putNumber(atTailRealtime, f.realtime)
	f.putNumber(atTailMonotonic, f.monotonic)
	f.putHeader(atTailEntry, offset)
	for _, i := range items {
		f.addToData(i.offset, offset)
	}
	return offset
}

func (f *File) goOn(e Entry) {
	f.seqnum, f.realtime, f.monotonic = f.seqnum+1, f.realtime+second, f.monotonic+second
	for _, given := range []struct {
		number *uint64
		value  uint64
	}{{&f.seqnum, e.Seqnum}, {&f.realtime, e.Realtime}, {&f.monotonic, e.Monotonic}} {
		if given.value != 0 {
			*given.number = given.value
		}
	}
	if e.BootID != ([16]byte{}) {
		f.boot = e.BootID
	}
}

// entry writes the object of an entry.
func (f *File) entry(items []item, xor uint64) uint64 {
	le := binary.LittleEndian
	var body []byte
	for _, n := range []uint64{f.seqnum, f.realtime, f.monotonic} {
		body = le.AppendUint64(body, n)
	}
	body = le.AppendUint64(append(body, f.boot[:]...), xor)
	for _, i := range items {
		if f.options.Compact {
			body = le.AppendUint32(body, uint32(i.offset))
		} else {
			body = le.AppendUint64(le.AppendUint64(body, i.offset), i.hash)
		}
	}
	offset := f.newObject(typeEntry, 0, uint64(objectHead+len(body)))
	f.put(offset+objectHead, body)
	return offset
}

// data finds a value, or writes it.
func (f *File) data(name string, payload []byte) item {
	f.t.Helper()
	hash := f.hash(payload)
	stored, flag := f.pack(payload)
	head := f.dataHead()
	same := func(offset uint64) bool { return f.payloadIs(offset, head, stored) }
	if offset := f.find(atDataTable, hash, same); offset != 0 {
		return item{offset, hash}
	}
	offset := f.newObject(typeData, flag, head+uint64(len(stored)))
	f.putNumber(offset+objectHead, hash)
	f.put(offset+head, stored)
	f.link(atDataTable, hash, offset)
	f.count(atData)
	field := f.field([]byte(name))
	f.putNumber(offset+atDataNextField, f.number(field+atFieldData))
	f.putNumber(field+atFieldData, offset)
	return item{offset, hash}
}

func (f *File) pack(payload []byte) (stored []byte, flag byte) {
	f.t.Helper()
	if f.options.Compression == None || len(payload) < f.options.CompressAbove {
		return payload, 0
	}
	packed, err := f.options.Compression.Compress(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	// LZ4 packs what cannot be made smaller into nothing.
	if len(packed) >= len(payload) || bytes.Equal(packed, binary.LittleEndian.AppendUint64(nil, uint64(len(payload)))) {
		return payload, 0
	}
	return packed, byte(f.options.Compression)
}

func (f *File) dataHead() uint64 {
	if f.options.Compact {
		return dataHeadCompact
	}
	return dataHead
}

// field finds a name, or writes it.
func (f *File) field(name []byte) uint64 {
	hash := f.hash(name)
	same := func(offset uint64) bool { return f.payloadIs(offset, fieldHead, name) }
	if offset := f.find(atFieldTable, hash, same); offset != 0 {
		return offset
	}
	offset := f.newObject(typeField, 0, uint64(fieldHead+len(name)))
	f.putNumber(offset+objectHead, hash)
	f.put(offset+fieldHead, name)
	f.link(atFieldTable, hash, offset)
	f.count(atFields)
	return offset
}

// addToData adds an entry to those that have a value: the first stands with the
// value itself, the others in a list.
func (f *File) addToData(data, entry uint64) {
	entries := f.number(data + atDataEntries)
	if entries == 0 {
		f.putNumber(data+atDataEntry, entry)
	} else {
		tail := uint64(0)
		if f.options.Compact {
			tail = data + atDataTailArray
		}
		f.add(list{first: data + atDataArray, length: entries - 1, tail: tail}, entry)
	}
	f.putNumber(data+atDataEntries, entries+1)
}
