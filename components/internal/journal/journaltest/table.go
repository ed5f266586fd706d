// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"bytes"
	"encoding/binary"
)

// The types of objects.
const (
	typeData       = 1
	typeField      = 2
	typeEntry      = 3
	typeDataTable  = 4
	typeFieldTable = 5
	typeEntryArray = 6
)

const (
	objectHead = 16
	bucketSize = 16
	// Where the next object with the same bucket stands, in values and in names.
	atNextHash = 24
)

// newObject begins an object: its head, then the header, which counts it. The
// rest of it is zeros for now.
func (f *File) newObject(kind, flags byte, size uint64) (offset uint64) {
	offset = f.end
	f.grow(offset + size)
	head := make([]byte, objectHead)
	head[0], head[1] = kind, flags
	binary.LittleEndian.PutUint64(head[8:], size)
	f.put(offset, head)
	f.putNumber(atTailObject, offset)
	f.count(atObjects)
	f.end = (offset + size + 7) &^ 7
	return offset
}

// newTable makes an empty hash table, which the header names by its first bucket.
func (f *File) newTable(kind byte, at uint64, buckets int) {
	size := uint64(buckets) * bucketSize
	table := f.newObject(kind, 0, objectHead+size)
	f.putNumber(at, table+objectHead)
	f.putNumber(at+8, size)
}

func (f *File) hash(data []byte) uint64 {
	if f.options.Keyed {
		return sip(f.options.FileID, data)
	}
	return jenkins(data)
}

// bucket is where the bucket of a hash stands.
func (f *File) bucket(at, hash uint64) uint64 {
	return f.number(at) + hash%(f.number(at+8)/bucketSize)*bucketSize
}

// find looks for an object with a payload, 0 if there is none.
func (f *File) find(at, hash uint64, matches func(offset uint64) bool) uint64 {
	for offset := f.number(f.bucket(at, hash)); offset != 0; offset = f.number(offset + atNextHash) {
		if f.number(offset+objectHead) == hash && matches(offset) {
			return offset
		}
	}
	return 0
}

// link puts an object at the end of its bucket.
func (f *File) link(at, hash, offset uint64) {
	bucket := f.bucket(at, hash)
	if last := f.number(bucket + 8); last == 0 {
		f.putNumber(bucket, offset)
	} else {
		f.putNumber(last+atNextHash, offset)
	}
	f.putNumber(bucket+8, offset)
}

// object is all of an object.
func (f *File) object(offset uint64) []byte {
	return f.content[offset : offset+f.number(offset+8)]
}

// payloadIs reports whether a stored object ends with these bytes behind its head.
func (f *File) payloadIs(offset, head uint64, payload []byte) bool {
	return bytes.Equal(f.object(offset)[head:], payload)
}
