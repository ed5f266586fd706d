// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// Options say what a file is like. The zero value is a file of the oldest layout,
// with the header of systemd 254 and no claim, by a compatible flag, that it is in use.
type Options struct {
	// Compact files have short offsets, Keyed ones hash with their ID as key.
	Compact, Keyed bool
	// Compression of the values that have CompressAbove bytes or more with their name
	// (default: 512), if it makes them smaller.
	Compression   Compression
	CompressAbove int
	// HeaderSize is that of the header, 208 to 272, a multiple of 8 (default: 272). More is
	// allowed, and is zeros.
	HeaderSize int
	// Incompatible and Compatible are further flags.
	Incompatible, Compatible uint32
	// The identifiers (default: of bytes 0xf1, 0xaa and 0x5e).
	FileID, MachineID, SeqnumID [16]byte
	// Buckets of the hash tables, for values and for names (default: 61 and 17).
	DataBuckets, FieldBuckets int
	// Step is by how many bytes the file grows, filled with zeros (default: 64 KiB;
	// journald: 8 MiB).
	Step int64
}

// The states of a file.
const (
	Offline  = 0
	Online   = 1
	Archived = 2
)

// File is a journal file that is written to. It is used by one goroutine; an
// error ends the test.
type File struct {
	t       testing.TB
	options Options
	file    *os.File
	// content is all of the file.
	content []byte
	writes  []Write
	// end is where the next object goes.
	end uint64

	seqnum    uint64
	realtime  uint64
	monotonic uint64
	boot      [16]byte
}

// Offsets in the header.
const (
	atCompatible    = 8
	atIncompatible  = 12
	atState         = 16
	atFileID        = 24
	atMachineID     = 40
	atTailBootID    = 56
	atSeqnumID      = 72
	atHeaderSize    = 88
	atArenaSize     = 96
	atDataTable     = 104
	atFieldTable    = 120
	atTailObject    = 136
	atObjects       = 144
	atEntries       = 152
	atTailSeqnum    = 160
	atHeadSeqnum    = 168
	atEntryArray    = 176
	atHeadRealtime  = 184
	atTailRealtime  = 192
	atTailMonotonic = 200
	atData          = 208
	atFields        = 216
	atEntryArrays   = 232
	atTailArray     = 256
	atTailArrayLen  = 260
	atTailEntry     = 264

	// newestHeader is the size of the header that has all of them.
	newestHeader = 272
)

const (
	flagKeyed   = 4
	flagCompact = 16
)

// Create creates a file that is online and empty; an empty path keeps it in
// memory, for Bytes. The file is closed when the test ends.
func Create(t testing.TB, path string, o Options) *File {
	t.Helper()
	o.setDefaults()
	f := &File{t: t, options: o, realtime: 1_700_000_000_000_000, monotonic: second, boot: repeated(0xb0)}
	if path != "" {
		file, err := os.Create(path)
		if err != nil {
			t.Fatalf("create a journal: %v", err)
		}
		f.file = file
		t.Cleanup(f.Close)
	}
	incompatible := o.Incompatible | o.Compression.property()
	if o.Keyed {
		incompatible |= flagKeyed
	}
	if o.Compact {
		incompatible |= flagCompact
	}
	header := make([]byte, o.HeaderSize)
	le := binary.LittleEndian
	copy(header, "LPKSHHRH")
	le.PutUint32(header[atCompatible:], o.Compatible)
	le.PutUint32(header[atIncompatible:], incompatible)
	copy(header[atFileID:], o.FileID[:])
	copy(header[atMachineID:], o.MachineID[:])
	copy(header[atSeqnumID:], o.SeqnumID[:])
	le.PutUint64(header[atHeaderSize:], uint64(o.HeaderSize))
	f.grow(uint64(o.HeaderSize))
	f.put(0, header)
	f.putNumber(atArenaSize, uint64(len(f.content)-o.HeaderSize))
	f.end = uint64(o.HeaderSize)
	f.newTable(typeFieldTable, atFieldTable, o.FieldBuckets)
	f.newTable(typeDataTable, atDataTable, o.DataBuckets)
	f.SetState(Online)
	return f
}

func (o *Options) setDefaults() {
	for _, d := range []struct {
		option *int
		value  int
	}{{&o.CompressAbove, 512}, {&o.HeaderSize, newestHeader}, {&o.DataBuckets, 61}, {&o.FieldBuckets, 17}} {
		if *d.option == 0 {
			*d.option = d.value
		}
	}
	for _, d := range []struct {
		option *[16]byte
		value  byte
	}{{&o.FileID, 0xf1}, {&o.MachineID, 0xaa}, {&o.SeqnumID, 0x5e}} {
		if *d.option == [16]byte{} {
			*d.option = repeated(d.value)
		}
	}
	if o.Step == 0 {
		o.Step = 64 << 10
	}
}

func repeated(b byte) [16]byte { return [16]byte(bytes.Repeat([]byte{b}, 16)) }

// SetState writes the state.
func (f *File) SetState(state byte) { f.put(atState, []byte{state}) }

// Archive closes the file as journald does when it puts it aside. Renaming it is
// left to the test.
func (f *File) Archive() { f.SetState(Archived); f.Close() }

// Close closes the file and leaves its state as it is. Further calls do nothing.
func (f *File) Close() {
	if f.file != nil {
		_ = f.file.Close()
		f.file = nil
	}
}

// Bytes is a copy of the content.
func (f *File) Bytes() []byte { return bytes.Clone(f.content) }

// grow makes the file long enough for what ends at an offset.
func (f *File) grow(end uint64) {
	step := uint64(f.options.Step)
	size := (end + step - 1) / step * step
	if size <= uint64(len(f.content)) {
		return
	}
	f.content = append(f.content, make([]byte, size-uint64(len(f.content)))...)
	f.apply(Write{Offset: int64(size)})
	if f.number(atHeaderSize) != 0 {
		f.putNumber(atArenaSize, size-f.number(atHeaderSize))
	}
}

// put writes bytes.
func (f *File) put(offset uint64, data []byte) {
	copy(f.content[offset:], data)
	f.apply(Write{Offset: int64(offset), Data: bytes.Clone(data)})
}

func (f *File) apply(w Write) {
	f.writes = append(f.writes, w)
	if f.file == nil {
		return
	}
	if err := w.Apply(f.file); err != nil {
		f.t.Fatal(err)
	}
}

// putNumber writes a number of eight bytes.
func (f *File) putNumber(offset, n uint64) { f.put(offset, binary.LittleEndian.AppendUint64(nil, n)) }

// putShort writes a number of four bytes.
func (f *File) putShort(offset, n uint64) {
	f.put(offset, binary.LittleEndian.AppendUint32(nil, uint32(n)))
}

func (f *File) number(offset uint64) uint64 {
	return binary.LittleEndian.Uint64(f.content[offset:])
}

// hasHeader reports whether the header has what lies before an offset.
func (f *File) hasHeader(end int) bool { return f.options.HeaderSize >= end }

// putHeader writes a number of the header, if the header has it.
func (f *File) putHeader(offset, n uint64) {
	if f.hasHeader(int(offset) + 8) {
		f.putNumber(offset, n)
	}
}

// count raises a number of the header, if the header has it.
func (f *File) count(offset uint64) {
	if f.hasHeader(int(offset) + 8) {
		f.putNumber(offset, f.number(offset)+1)
	}
}
