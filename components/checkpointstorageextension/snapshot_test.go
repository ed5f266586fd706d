// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The bytes of docs/formats/checkpoint.md.
func TestTheBytesOfASnapshot(t *testing.T) {
	want := strings.Join([]string{
		"74726962636b7074", // tribckpt
		"00000001",         // format version
		"0000000000000102", // sequence number
		"0000000000000047", // length: 71
		"0000000a", "722b706f645f6c6f6773",
		"00000002",
		"00000001", "61", "00000003", "312c32",
		"00000001", "62", "00000000",
		"51aadbbc",
	}, "")
	written := &snapshot{0x102, records(map[string]string{"a": "1,2", "b": ""})}
	data := appendSnapshot(nil, "r+pod_logs", written)
	assert.Equal(t, want, hex.EncodeToString(data))

	s, damage := parseSnapshot(data, "r+pod_logs")
	require.Nil(t, damage)
	assert.Equal(t, written, s)
}

func TestASnapshotWithoutRecords(t *testing.T) {
	data := appendSnapshot(nil, "", &snapshot{sequence: 1})
	assert.Len(t, data, emptyBytes)
	s, damage := parseSnapshot(data, "")
	require.Nil(t, damage)
	assert.Empty(t, s.records)
}

// FuzzParse takes anything for the part between header and checksum: what is accepted
// has one spelling only.
func FuzzParse(f *testing.F) {
	for n := range 3 {
		data := appendSnapshot(nil, file, &snapshot{1, records(version(n))})
		f.Add(data[headerBytes : len(data)-checksumBytes])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data := slices.Concat(appendSnapshot(nil, "", &snapshot{sequence: 1})[:headerBytes], body)
		binary.BigEndian.PutUint64(data[20:], uint64(len(data)+checksumBytes))
		data = withChecksum(append(data, 0, 0, 0, 0))
		s, damage := parseSnapshot(data, file)
		if damage != nil {
			return
		}
		again := appendSnapshot(nil, file, s)
		if !bytes.Equal(again, data) {
			t.Fatalf("%x was read, %x is written", data, again)
		}
	})
}

// FuzzOpen puts anything into both files: the state opens, and what is stored then is
// there afterwards.
func FuzzOpen(f *testing.F) {
	valid := func(sequence uint64) []byte {
		return appendSnapshot(nil, file, &snapshot{sequence, records(map[string]string{"a": "1"})})
	}
	f.Add([]byte{}, []byte("tribckpt"))
	f.Add(valid(1), valid(2))
	f.Add(valid(1<<63), valid(0))
	f.Add(valid(1<<64-1), valid(1)[:30])
	f.Fuzz(func(t *testing.T, a, b []byte) {
		d := newFakeDisk()
		d.put(file+".a", a)
		d.put(file+".b", b)
		client := openOn(t, d)
		for _, value := range []string{"x", "y", "z"} {
			set(t, client, "new", value)
			if got := content(t, openOn(t, d.killed())); got["new"] != value {
				t.Fatalf("%q was stored, %q is there", value, got)
			}
		}
	})
}
