// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The objects of a file. Whatever is read is checked: a file may be torn or damaged, and
// journald may be writing it.

// damage is what makes no sense in a file.
type damage struct {
	at   uint64
	what string
}

func (d damage) Error() string { return fmt.Sprintf("at %#x: %s", d.at, d.what) }

// object returns the first n bytes of an object, as far as it is of the type and that
// large, and its size.
func (f *file) object(at uint64, kind byte, n uint64) (raw []byte, size uint64, err error) {
	if at&7 != 0 || at < f.header.size {
		return nil, 0, damage{at, "no object can be there"}
	}
	if raw, err = f.content.bytes(at, int(n)); err != nil {
		return nil, 0, err
	}
	if raw[0] != kind {
		return nil, 0, damage{at, fmt.Sprintf("an object of type %d in place of %d", raw[0], kind)}
	}
	size = binary.LittleEndian.Uint64(raw[8:])
	if size < n || size > f.header.end-at {
		return nil, 0, damage{at, fmt.Sprintf("the object has the size %d", size)}
	}
	return raw, size, nil
}

// array is an array of the offsets of entries. Each file has one chain of them, in which
// each is larger than the one before.
type array struct {
	at, first, slots uint64
}

// slot returns the offset of an entry.
func (f *file) slot(index uint64) (uint64, error) {
	for n := len(f.arrays); n == 0 || index >= f.arrays[n-1].first+f.arrays[n-1].slots; n++ {
		if err := f.nextArray(); err != nil {
			return 0, err
		}
	}
	i := len(f.arrays) - 1
	for f.arrays[i].first > index {
		i--
	}
	a := f.arrays[i]
	width := f.header.slotSize()
	raw, err := f.content.bytes(a.at+entryArrayHead+(index-a.first)*width, int(width))
	if err != nil {
		return 0, err
	}
	if width == 4 {
		return uint64(binary.LittleEndian.Uint32(raw)), nil
	}
	return binary.LittleEndian.Uint64(raw), nil
}

// nextArray learns of one more array. Their offsets grow, so that there is no circle.
func (f *file) nextArray() error {
	at, first, after := f.header.arrayOffset, uint64(0), uint64(0)
	if n := len(f.arrays); n > 0 {
		last := &f.arrays[n-1]
		raw, _, err := f.object(last.at, typeEntryArray, entryArrayHead)
		if err != nil {
			return err
		}
		at, first, after = binary.LittleEndian.Uint64(raw[16:]), last.first+last.slots, last.at
	}
	if at == 0 {
		return errNotWritten
	}
	if at <= after {
		return damage{at, "the arrays of entries go round in a circle"}
	}
	_, size, err := f.object(at, typeEntryArray, entryArrayHead)
	if err != nil {
		return err
	}
	slots := (size - entryArrayHead) / f.header.slotSize()
	if slots == 0 {
		return damage{at, "an array of no entries"}
	}
	f.arrays = append(f.arrays, array{at: at, first: first, slots: slots})
	return nil
}

// entryAt reads the head of the entry with an index, and returns where it stands.
func (f *file) entryAt(index uint64) (c Cursor, at uint64, err error) {
	if at, err = f.slot(index); err != nil {
		return c, 0, err
	}
	if at == 0 {
		return c, 0, errNotWritten
	}
	raw, size, err := f.object(at, typeEntry, entryHead)
	if err != nil {
		return c, 0, err
	}
	if n := (size - entryHead) / f.header.itemSize(); n > maxEntryItems {
		return c, 0, damage{at, fmt.Sprintf("an entry of %d fields", n)}
	}
	le := binary.LittleEndian
	c = Cursor{
		SeqnumID: f.header.seqnumID, Seqnum: le.Uint64(raw[16:]),
		BootID: ID(raw[40:56]), Monotonic: le.Uint64(raw[32:]),
		Realtime: le.Uint64(raw[24:]), XorHash: le.Uint64(raw[56:]),
	}
	if c.Seqnum < f.header.headSeqnum || c.Seqnum > f.header.tailSeqnum {
		return c, 0, damage{at, fmt.Sprintf("an entry with the number %d, which is not of %d to %d", c.Seqnum, f.header.headSeqnum, f.header.tailSeqnum)}
	}
	return c, at, nil
}

// items appends where the fields of an entry stand.
func (f *file) items(at uint64, list []uint64) ([]uint64, error) {
	_, size, err := f.object(at, typeEntry, entryHead)
	if err != nil {
		return list, err
	}
	width := f.header.itemSize()
	n := (size - entryHead) / width
	raw, err := f.content.bytes(at+entryHead, int(n*width))
	if err != nil {
		return list, err
	}
	if width == 4 {
		for ; len(raw) >= 4; raw = raw[4:] {
			list = append(list, uint64(binary.LittleEndian.Uint32(raw)))
		}
		return list, nil
	}
	for ; len(raw) >= 16; raw = raw[16:] {
		list = append(list, binary.LittleEndian.Uint64(raw))
	}
	return list, nil
}

// plain is a field as it stands in a file, unpacked. Its parts are good until the next
// time that anything is read.
type plain struct {
	name, value []byte
	// cut is how much of the value is left out, size the field's whole size.
	cut, size int64
	// shared says that other entries have the same field.
	shared bool
}

// data reads a field.
func (f *file) data(at uint64, limit int, unpack *unpacker) (p plain, err error) {
	head := f.header.dataHeadSize()
	raw, size, err := f.object(at, typeData, head)
	if err != nil {
		return p, err
	}
	flags := raw[1]
	p.shared = binary.LittleEndian.Uint64(raw[56:]) > 1
	p.size = int64(size - head)
	most := int64(limit + maxName + 1)
	if flags&dataPacked == 0 {
		if raw, err = f.content.bytes(at+head, int(min(p.size, most))); err != nil {
			return p, err
		}
	} else {
		// The beginning of a field is in the beginning of what it was packed to, but for
		// xz, which has the size at its end.
		packed := min(p.size, most+packedMore)
		if flags == dataXZ {
			packed = p.size
		}
		if packed > maxPacked {
			return p, damage{at, fmt.Sprintf("a packed field of %d bytes", p.size)}
		}
		if raw, err = f.content.bytes(at+head, int(packed)); err != nil {
			return p, err
		}
		if raw, p.size, err = unpack.unpack(flags&dataPacked, raw, int(most)); err != nil {
			return p, damage{at, err.Error()}
		}
	}
	equals := bytes.IndexByte(raw[:min(len(raw), maxName+1)], '=')
	if equals <= 0 {
		return p, damage{at, "a field without a name"}
	}
	p.name, p.value = raw[:equals], raw[equals+1:]
	if len(p.value) > limit {
		p.value = p.value[:limit]
	}
	p.cut = p.size - int64(equals+1+len(p.value))
	return p, nil
}
