// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

const (
	// headBytes is how much of the beginning of a file says which file it is, together with
	// the rest of its first line. The lines of a container have a time in nanoseconds, which
	// Docker writes at the end.
	headBytes = 1024
	// headMost is enough for a first line of Docker, which cuts lines at 16 KiB and escapes
	// them.
	headMost = 128 << 10
)

// Hash is the beginning of a SHA-256 sum.
type Hash [16]byte

// MarshalText writes the hash as hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText has written.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return fmt.Errorf("hash of %d digits instead of %d", len(text), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

func hashOf(head []byte) Hash {
	sum := sha256.Sum256(head)
	return Hash(sum[:len(Hash{})])
}

// readHead returns the beginning of a file, at most n bytes of it.
func readHead(c content, n int) ([]byte, error) {
	head := make([]byte, n)
	got, err := c.ReadAt(head, 0)
	if isEnd(err) {
		err = nil
	}
	return head[:got], err
}

// readIdentity returns as much of the beginning of a file as says which file it is, or
// all that there is.
func readIdentity(c content) ([]byte, error) {
	for n := headBytes; ; n = min(4*n, headMost) {
		head, err := readHead(c, n)
		if line := bytes.IndexByte(head, '\n'); line >= 0 {
			return head[:min(len(head), max(headBytes, line+1))], err
		}
		if err != nil || len(head) < n || n == headMost {
			return head, err
		}
	}
}

// tells reports whether so much of a beginning says which file it is.
func tells(head []byte) bool {
	return len(head) == headMost || bytes.IndexByte(head, '\n') >= 0
}
