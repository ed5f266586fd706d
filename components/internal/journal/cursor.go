// SPDX-License-Identifier: Apache-2.0

package journal

// ID is an identifier of 128 bits.
type ID [16]byte

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
