// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ID is an identifier of 128 bits. Its text is of 32 hexadecimal digits.
type ID [16]byte

// String returns the text.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads the text of an ID, with dashes in it or without.
func ParseID(text string) (id ID, err error) {
	digits := strings.ReplaceAll(text, "-", "")
	if len(digits) != 2*len(id) {
		return id, fmt.Errorf("%q is no identifier: it needs %d hexadecimal digits", text, 2*len(id))
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return id, fmt.Errorf("%q is no identifier: %w", text, err)
	}
	return id, nil
}

// Cursor says which entry of a journal is meant. Its text is that of journalctl
// (`--show-cursor`, `--after-cursor`), see systemd's sd_journal_get_cursor(3):
//
//	s=<sequence ID>;i=<number>;b=<boot ID>;m=<monotonic time>;t=<real time>;x=<hash>
type Cursor struct {
	// SeqnumID says what Seqnum counts in. The number grows by one with each entry that
	// the files of one journald get together.
	SeqnumID ID
	Seqnum   uint64
	// BootID is the boot in which the entry was written, and Monotonic the time since
	// then, in microseconds.
	BootID    ID
	Monotonic uint64
	// Realtime is in microseconds since 1970, by the clock of the machine.
	Realtime uint64
	// XorHash is a hash of the fields.
	XorHash uint64
}

// String returns the text.
func (c Cursor) String() string {
	return fmt.Sprintf("s=%s;i=%x;b=%s;m=%x;t=%x;x=%x", c.SeqnumID, c.Seqnum, c.BootID, c.Monotonic, c.Realtime, c.XorHash)
}

// ParseCursor reads the text. The parts may stand in any order, and parts that are not
// known are left out; what has to be there is a number with its sequence, a monotonic
// time with its boot, or a real time.
func ParseCursor(text string) (c Cursor, err error) {
	given := make(map[string]bool)
	for part := range strings.SplitSeq(strings.TrimSpace(text), ";") {
		key, value, found := strings.Cut(part, "=")
		if !found {
			return Cursor{}, fmt.Errorf("the cursor %q has a part without \"=\": %q", text, part)
		}
		switch key {
		case "s":
			c.SeqnumID, err = ParseID(value)
		case "i":
			c.Seqnum, err = parseHex(value)
		case "b":
			c.BootID, err = ParseID(value)
		case "m":
			c.Monotonic, err = parseHex(value)
		case "t":
			c.Realtime, err = parseHex(value)
		case "x":
			c.XorHash, err = parseHex(value)
		}
		if err != nil {
			return Cursor{}, fmt.Errorf("the cursor %q: %s: %w", text, key, err)
		}
		given[key] = true
	}
	numbered, timed := given["s"] && given["i"], given["b"] && given["m"]
	if !numbered && !timed && !given["t"] {
		return Cursor{}, fmt.Errorf("the cursor %q names no entry: it needs s and i, b and m, or t", text)
	}
	return c, nil
}

func parseHex(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%q is no hexadecimal number", text)
	}
	return n, err
}
