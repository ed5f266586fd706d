// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The format of a snapshot; docs/formats/checkpoint.md describes every byte. Every
// version keeps the first 28 bytes as they are and the checksum at the end, so that
// an older program can tell a newer file from a damaged one.
const (
	magic         = "tribckpt"
	formatVersion = 1
	headerBytes   = 28
	checksumBytes = 4
	// lengthBytes is the size of the length in front of an owner, a key or a value.
	lengthBytes = 4
	// emptyBytes is the size of a snapshot of nobody with no records.
	emptyBytes = headerBytes + lengthBytes + lengthBytes + checksumBytes

	// maxSnapshotBytes bounds what is written, and what is read into memory.
	maxSnapshotBytes = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// snapshot is the state of one owner at one moment.
type snapshot struct {
	sequence uint64
	// records are in ascending order of their keys.
	records []*record
}

// record is a key with its value. The value is replaced as a whole, never changed.
type record struct {
	key   string
	value []byte
}

// newerThan compares sequence numbers so that one after the largest is 0.
func (s *snapshot) newerThan(other *snapshot) bool {
	return int64(s.sequence-other.sequence) > 0
}

// bytes is what a record takes in a snapshot.
func (r *record) bytes() int64 {
	return 2*lengthBytes + int64(len(r.key)) + int64(len(r.value))
}

// appendSnapshot appends the bytes of a snapshot to buf.
func appendSnapshot(buf []byte, owner string, s *snapshot) []byte {
	start := len(buf)
	buf = append(buf, magic...)
	buf = binary.BigEndian.AppendUint32(buf, formatVersion)
	buf = binary.BigEndian.AppendUint64(buf, s.sequence)
	length := len(buf)
	buf = binary.BigEndian.AppendUint64(buf, 0)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(owner)))
	buf = append(buf, owner...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(s.records)))
	for _, r := range s.records {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(r.key)))
		buf = append(buf, r.key...)
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(r.value)))
		buf = append(buf, r.value...)
	}
	binary.BigEndian.PutUint64(buf[length:], uint64(len(buf)-start+checksumBytes))
	return binary.BigEndian.AppendUint32(buf, crc32.Checksum(buf[start:], castagnoli))
}

// damage is why a snapshot cannot be used: a word for the metric and a sentence.
type damage struct {
	reason string
	text   string
}

func (d *damage) Error() string { return d.text }

func damaged(reason, format string, args ...any) *damage {
	return &damage{reason: reason, text: fmt.Sprintf(format, args...)}
}

// parseSnapshot reads a snapshot of the named owner, or says why it is none. It never
// trusts a length that it finds, and the result shares no memory with data.
func parseSnapshot(data []byte, owner string) (*snapshot, *damage) {
	if len(data) < emptyBytes {
		return nil, damaged("length", "it has %d bytes, fewer than any snapshot", len(data))
	}
	if string(data[:len(magic)]) != magic {
		return nil, damaged("magic", "it does not begin with %q", magic)
	}
	if length := binary.BigEndian.Uint64(data[20:]); length != uint64(len(data)) {
		return nil, damaged("length", "it has %d bytes, its header says %d", len(data), length)
	}
	body, end := data[:len(data)-checksumBytes], data[len(data)-checksumBytes:]
	if want, got := binary.BigEndian.Uint32(end), crc32.Checksum(body, castagnoli); want != got {
		return nil, damaged("checksum", "its bytes sum up to %08x, its end says %08x", got, want)
	}
	if version := binary.BigEndian.Uint32(data[8:]); version != formatVersion {
		return nil, damaged("version", "it has format version %d, this program knows version %d", version, formatVersion)
	}
	r := reader{rest: body[headerBytes:]}
	if got := r.text(); r.broken || got != owner {
		return nil, damaged("owner", "it belongs to %q, not to %q", got, owner)
	}
	s := &snapshot{sequence: binary.BigEndian.Uint64(data[12:])}
	count := r.number()
	for i := range count {
		key, value := r.text(), append([]byte{}, r.bytes()...)
		if r.broken || i > 0 && key <= s.records[i-1].key {
			return nil, damaged("records", "record %d of %d is not one", i+1, count)
		}
		s.records = append(s.records, &record{key, value})
	}
	if r.broken || len(r.rest) > 0 {
		return nil, damaged("records", "%d bytes follow its %d records", len(r.rest), count)
	}
	return s, nil
}

// reader takes fields off the front of rest; broken is set once one does not fit.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) number() uint32 {
	if len(r.rest) < lengthBytes {
		r.broken, r.rest = true, nil
		return 0
	}
	n := binary.BigEndian.Uint32(r.rest)
	r.rest = r.rest[lengthBytes:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if uint64(n) > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return nil
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field
}

func (r *reader) text() string { return string(r.bytes()) }
