// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// journald copies what it has kept in memory, with other numbers.
func TestCopiesOnTheDiskAreNotReadAgain(t *testing.T) {
	for _, read := range []int{0, 2, 5} {
		d := newDisk(t)
		volatile := d.create(memory("system"), 1)
		for n := 1; n <= 5; n++ {
			volatile.Append(at(n, n))
		}
		r := d.open()
		var got []string
		for range read {
			e, err := r.Next()
			require.NoError(t, err)
			text, _ := e.Get("MESSAGE")
			got = append(got, text)
		}
		disk := d.create(system("system"), 2)
		for n := 1; n <= 5; n++ {
			e := at(n, n)
			e.Seqnum = uint64(100 + n)
			disk.Append(e)
		}
		require.NoError(t, os.RemoveAll(d.path("run/log/journal/"+machine)))
		e := at(106, 6)
		disk.Append(e)
		got = append(got, again(t, r)...)
		assert.Equal(t, texts(1, 2, 3, 4, 5, 106), got)
		assert.EqualValues(t, 5, r.Stats().Duplicates)
		assert.Zero(t, r.Stats().Lost)
		assert.Empty(t, r.volatile, "the files in memory are let go")
	}
}

// The next entry may be the first thing that is not there any more.
func TestADeletedFileIsNotDamaged(t *testing.T) {
	d := newDisk(t)
	f := d.create(system("system@1"), 1)
	for n := 1; n <= 5; n++ {
		e := at(n, n)
		e.Fields[1].Value = strings.Repeat(e.Fields[0].Value, 2*windowSize)
		f.Append(e)
	}
	f.Archive()
	r := d.open()
	e, err := r.Next()
	require.NoError(t, err)
	require.NotNil(t, e)
	require.NoError(t, os.Truncate(d.path(system("system@1")), 0))
	assert.Empty(t, again(t, r))
	assert.Zero(t, r.Stats().Damaged)
	assert.EqualValues(t, 4, r.Stats().Lost)
}

// What journald writes to memory last, and copies at once, is in no header yet.
func TestACopyIsKnownOfAnEntryThatHasJustCome(t *testing.T) {
	d := newDisk(t)
	volatile := d.create(memory("system"), 1)
	numbered(volatile, 1)
	r := d.open()
	assert.Equal(t, texts(1), messages(t, r))
	disk := d.create(system("system"), 2)
	for n := 1; n <= 2; n++ {
		numbered(volatile, upTo(2, n)...)
		e := at(n, n)
		e.Seqnum = uint64(100 + n)
		disk.Append(e)
	}
	r.poll.calls = 0
	require.True(t, r.scan(), "only names are looked at")
	assert.Equal(t, texts(2), messages(t, r))
	assert.EqualValues(t, 2, r.Stats().Duplicates)
}
