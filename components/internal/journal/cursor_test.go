// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const cursorText = "s=0102030405060708090a0b0c0d0e0f10;i=1f;b=ffffffffffffffffffffffffffffffff;m=2;t=5f5e100;x=deadbeef"

func TestCursorsAreThoseOfJournalctl(t *testing.T) {
	c, err := ParseCursor(" " + cursorText + "\n")
	require.NoError(t, err)
	want := Cursor{Seqnum: 31, BootID: id(0xff), Monotonic: 2, Realtime: 100_000_000, XorHash: 0xdeadbeef}
	for i := range want.SeqnumID {
		want.SeqnumID[i] = byte(i + 1)
	}
	assert.Equal(t, want, c)
	assert.Equal(t, cursorText, c.String())
}

func TestParseCursor(t *testing.T) {
	for text, failure := range map[string]string{
		"t=5;m=1;b=ffffffffffffffffffffffffffffffff": "",
		"i=5;s=ffffffffffffffffffffffffffffffff":     "",
		"t=5;new=1":                                  "",
		"":                                           `the cursor "" has a part without "=": ""`,
		"i=5":                                        `the cursor "i=5" names no entry: it needs s and i, b and m, or t`,
		"t=xyz":                                      `the cursor "t=xyz": t: "xyz" is no hexadecimal number`,
		"s=12;i=1":                                   `the cursor "s=12;i=1": s: "12" is no identifier: it needs 32 hexadecimal digits`,
		"t=11111111111111111":                        `the cursor "t=11111111111111111": t: strconv.ParseUint: parsing "11111111111111111": value out of range`,
	} {
		_, err := ParseCursor(text)
		if failure == "" {
			require.NoError(t, err, text)
			continue
		}
		assert.EqualError(t, err, failure)
	}
}

func TestIdentifiersMayHaveDashes(t *testing.T) {
	got, err := ParseID("ffffffff-ffff-ffff-ffff-ffffffffffff")
	require.NoError(t, err)
	assert.Equal(t, id(0xff), got)
	_, err = ParseID("zfffffffffffffffffffffffffffffff")
	assert.Error(t, err)
}

func FuzzCursor(f *testing.F) {
	f.Add(cursorText)
	f.Add(cursorText + ";d=machine.namespace;v=1")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMark(text)
		if err != nil {
			return
		}
		again, err := ParseMark(m.String())
		require.NoError(t, err)
		require.Equal(t, m.Cursor, again.Cursor)
		require.Equal(t, m.Volatile, again.Volatile)
	})
}
