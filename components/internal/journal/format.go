// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// The format is that of systemd's "Journal File Format"
// (https://systemd.io/JOURNAL_FILE_FORMAT/) and of its journal-def.h; our own words for
// it are in docs/formats/journal.md. Numbers are little-endian, objects begin at
// multiples of 8.

const (
	signature = "LPKSHHRH"
	// headerRead is how much of the header is used. Files of old versions have less.
	headerRead    = 208
	minHeaderSize = 208
	maxHeaderSize = 64 << 10
)

// stateArchived is the state of a file that nobody writes to any more.
const stateArchived = 2

// The properties without which a file would be misread.
const (
	flagXZ      = 1 << 0
	flagLZ4     = 1 << 1
	flagKeyed   = 1 << 2
	flagZstd    = 1 << 3
	flagCompact = 1 << 4

	flagsKnown = flagXZ | flagLZ4 | flagKeyed | flagZstd | flagCompact
)

// The types of objects that are read.
const (
	typeData       = 1
	typeEntry      = 3
	typeEntryArray = 6
)

// How the payload of DATA objects is packed.
const (
	dataXZ   = 1 << 0
	dataLZ4  = 1 << 1
	dataZstd = 1 << 2

	dataPacked = dataXZ | dataLZ4 | dataZstd
)

// The sizes of what stands before the payload of an object.
const (
	objectHead     = 16
	dataHead       = 64
	dataHeadLong   = 72 // In compact files.
	entryHead      = 64
	entryArrayHead = 24
)

// maxEntryItems bounds the fields of an entry. journald takes 1024 and adds its own.
const maxEntryItems = 8192

// maxName is the length of a field's name that journald allows.
const maxName = 64

var (
	errShort      = errors.New("it is shorter than it says")
	errNoJournal  = errors.New("it does not begin as a journal does")
	errEmptied    = errors.New("it was emptied")
	errNotWritten = errors.New("there is nothing")
)

// header is what is used of the beginning of a file.
type header struct {
	incompatible uint32
	state        byte
	fileID       ID
	tailBootID   ID
	seqnumID     ID
	// size is that of the header, end where the used part of the file ends. A file that
	// is written to may be longer; its last part is then zeros.
	size, end uint64
	// entries is how many entries there are. It is raised after everything else is
	// written, apart from what is below.
	entries       uint64
	tailSeqnum    uint64
	headSeqnum    uint64
	arrayOffset   uint64
	tailTime      uint64
	tailMonotonic uint64
	compact       bool
}

// unsupported are properties that this reader does not know.
type unsupported uint32

func (u unsupported) Error() string {
	return fmt.Sprintf("it has properties that are not known here (incompatible flags %#x): a newer version can read it", uint32(u))
}

// parseHeader reads headerRead bytes.
func parseHeader(raw []byte) (h header, err error) {
	le := binary.LittleEndian
	if len(raw) == 0 {
		return h, errEmptied
	}
	if len(raw) < headerRead {
		return h, errNoJournal
	}
	if string(raw[:8]) != signature {
		if le.Uint64(raw) == 0 {
			return h, errEmptied
		}
		return h, errNoJournal
	}
	h.incompatible = le.Uint32(raw[12:])
	if unknown := h.incompatible &^ flagsKnown; unknown != 0 {
		return h, unsupported(unknown)
	}
	h.compact = h.incompatible&flagCompact != 0
	h.state = raw[16]
	h.fileID = ID(raw[24:40])
	h.tailBootID, h.seqnumID = ID(raw[56:72]), ID(raw[72:88])
	h.size = le.Uint64(raw[88:])
	var carry uint64
	h.end, carry = bits.Add64(h.size, le.Uint64(raw[96:]), 0)
	if h.size < minHeaderSize || h.size > maxHeaderSize || h.size%8 != 0 || carry != 0 || h.end > 1<<62 {
		return h, errNoJournal
	}
	h.entries = le.Uint64(raw[152:])
	h.tailSeqnum, h.headSeqnum = le.Uint64(raw[160:]), le.Uint64(raw[168:])
	h.arrayOffset = le.Uint64(raw[176:])
	h.tailTime = le.Uint64(raw[192:])
	h.tailMonotonic = le.Uint64(raw[200:])
	// An entry takes 64 bytes and a slot: there cannot be more of them than that.
	if h.entries > h.end/entryHead {
		return h, errNoJournal
	}
	return h, nil
}

// fits reports whether a file of a size can have so many entries.
func (h *header) fits(size int64) bool { return h.entries <= uint64(size)/entryHead }

// dataHeadSize is that of DATA objects.
func (h *header) dataHeadSize() uint64 {
	if h.compact {
		return dataHeadLong
	}
	return dataHead
}

// slotSize is that of an offset in an array of entries.
func (h *header) slotSize() uint64 {
	if h.compact {
		return 4
	}
	return 8
}

// itemSize is that of a field in an entry.
func (h *header) itemSize() uint64 {
	if h.compact {
		return 4
	}
	return 16
}
