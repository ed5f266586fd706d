// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// again looks at everything anew, whether or not the kernel has reported anything.
func again(t *testing.T, r *Reader) []string {
	t.Helper()
	r.poll.scanned = time.Time{}
	return messages(t, r)
}

func TestARotatedFileIsReadToItsEnd(t *testing.T) {
	d := newDisk(t)
	first := d.create(system("system"), 1)
	numbered(first, 1, 2)
	r := d.open()
	assert.Equal(t, texts(1, 2), messages(t, r))
	numbered(first, 3)
	d.rename(system("system"), system("system@1-1"))
	first.Archive()
	second := d.create(system("system"), 1)
	numbered(second, 4)
	assert.Equal(t, texts(3, 4), again(t, r))
	numbered(second, 5)
	assert.Equal(t, texts(5), again(t, r))
	assert.Equal(t, 1, r.Stats().Files)
	assert.Empty(t, d.told)
}

// journald may die between the new name and what it says in the file.
func TestARenamedFileIsClosedWhateverItSays(t *testing.T) {
	d := newDisk(t)
	first := d.create(system("system"), 1)
	numbered(first, 1)
	r := d.open()
	assert.Equal(t, texts(1), messages(t, r))
	numbered(first, 2)
	d.rename(system("system"), system("system@1-1"))
	numbered(d.create(system("user-1@2-2"), 1), 3) // This one was never seen by its first name.
	numbered(d.create(system("system"), 1), 4)
	assert.Equal(t, texts(2, 3, 4), again(t, r))
	again(t, r)
	r.measure()
	assert.Equal(t, 1, r.Stats().Files)
}

// Files that are not being read are not open, however many there are.
func TestArchivesAreOpenedOneAfterAnother(t *testing.T) {
	d := newDisk(t)
	for n := range 40 {
		f := d.create(system("system@"+string(rune('A'+n))), 1)
		numbered(f, 10*n+1, 10*n+2)
		f.Archive()
	}
	r := d.open()
	for range 40 {
		_, err := r.Next()
		require.NoError(t, err)
		r.measure()
		assert.LessOrEqual(t, r.Stats().Files, 2)
	}
}

// An entry of another file that was written before is waited for no longer than it takes
// to look at that file again.
func TestUsersEntriesComeInTheirOrder(t *testing.T) {
	d := newDisk(t)
	system, user := d.create(system("system"), 1), d.create(system("user-1000"), 1)
	numbered(system, 1)
	numbered(user, 2)
	r := d.open()
	e, err := r.Next()
	require.NoError(t, err)
	require.NotNil(t, e)
	numbered(user, 3)
	numbered(system, 4)
	for _, f := range r.files { // The file of the system was looked at last.
		if f.header.headSeqnum == 1 {
			r.refresh(f)
		}
	}
	assert.Equal(t, texts(2, 3, 4), messages(t, r))
}

func TestAnEntryOfANewUserComesInItsOrder(t *testing.T) {
	d := newDisk(t)
	s := d.create(system("system"), 1)
	numbered(s, 1)
	r := d.open()
	assert.Equal(t, texts(1), messages(t, r))
	numbered(d.create(system("user-1000"), 1), 2)
	numbered(s, 3)
	for _, f := range r.files {
		r.refresh(f)
	}
	r.poll.calls = 0
	assert.Equal(t, texts(2, 3), messages(t, r))
}

func TestGaps(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(d *disk, r func() *Reader)
		lost int64
		want []string
	}{
		{"what was deleted before the first start is not missed", func(d *disk, r func() *Reader) {
			numbered(d.create(system("system"), 1), 7, 9)
			r()
		}, 0, texts(7, 9)},
		{"files that come and go between two looks", func(d *disk, r func() *Reader) {
			f := d.create(system("system"), 1)
			numbered(f, 1, 2)
			messages(d.t, r())
			d.rename(system("system"), system("system@1"))
			f.Archive()
			numbered(d.create(system("system"), 1), 13)
		}, 10, texts(13)},
		{"a file that was there, and was not begun", func(d *disk, r func() *Reader) {
			f := d.create(system("system@1"), 1)
			numbered(f, 1, 2, 3)
			f.Archive()
			numbered(d.create(system("system"), 1), 4)
			r()
			require.NoError(d.t, os.Truncate(d.path(system("system@1")), 0))
			require.NoError(d.t, os.Remove(d.path(system("system@1"))))
		}, 3, texts(4)},
		{"a file that was deleted with all that came after the beginning", func(d *disk, r func() *Reader) {
			f := d.create(system("system"), 1)
			numbered(f, 1)
			messages(d.t, r())
			numbered(f, 2, 3)
			require.NoError(d.t, os.Truncate(d.path(system("system")), 0))
			require.NoError(d.t, os.Remove(d.path(system("system"))))
			numbered(d.create(system("system"), 1), 4)
		}, 2, texts(4)},
		{"what was deleted between two runs", func(d *disk, r func() *Reader) {
			numbered(d.create(system("system"), 1), 20, 21)
			r().SeekMarks([]Mark{{Cursor: cursorAt(1, 9), Folder: machine}})
		}, 10, texts(20, 21)},
		{"a damaged entry, which is counted as such", func(d *disk, r func() *Reader) {
			f := d.create(system("system"), 1)
			numbered(f, 1)
			messages(d.t, r())
			torn := f.Append(at(2, 2))
			patch(d.t, d.path(system("system")), int64(torn), "\x06")
			numbered(f, 3)
			assert.Empty(d.t, again(d.t, r()), "it may be being written")
			ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
			defer cancel()
			assert.NoError(d.t, r().Wait(ctx))
		}, 0, texts(3)},
		{"numbers of a user whose file is not read", func(d *disk, r func() *Reader) {
			require.NoError(d.t, os.MkdirAll(d.path("var/log/journal/"+machine), 0o755))
			require.NoError(d.t, os.WriteFile(d.path(system("user-1000")), make([]byte, 4096), 0o600))
			require.NoError(d.t, os.Chtimes(d.path(system("user-1000")), time.Unix(1, 0), time.Unix(1, 0)))
			f := d.create(system("system"), 1)
			numbered(f, 1)
			messages(d.t, r())
			numbered(f, 9)
		}, 0, texts(9)},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := newDisk(t)
			var r *Reader
			c.do(d, func() *Reader {
				if r == nil {
					r = d.open()
				}
				return r
			})
			assert.Equal(t, c.want, again(t, r))
			assert.Equal(t, c.lost, r.Stats().Lost, "%q", d.told)
			if c.lost == 0 {
				assert.NotContains(t, strings.Join(d.told, "\n"), "gap")
			}
		})
	}
}

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

// A file whose end is half written does not hold up the others for ever, and is read when
// it is whole.
func TestAFileThatIsTornForLongIsSetAsideAndReadLater(t *testing.T) {
	d := newDisk(t)
	torn := d.create(system("system"), 1)
	at := torn.Append(at(1, 1))
	patch(t, d.path(system("system")), int64(at), "\x00")
	numbered(d.create(system("user-1000"), 1), 2)
	r := d.open()
	now := time.Now()
	r.now = func() time.Time { return now }
	assert.Empty(t, messages(t, r), "1 comes before 2")
	now = now.Add(patience)
	assert.Equal(t, texts(2), messages(t, r))
	patch(t, d.path(system("system")), int64(at), "\x03")
	now = now.Add(time.Second)
	assert.Equal(t, texts(1), messages(t, r))
	assert.Zero(t, r.Stats().Damaged+r.Stats().Lost)
}

func TestACopyOfAFileIsNotReadAgain(t *testing.T) {
	d := newDisk(t)
	numbered(d.create(system("system"), 1), 1, 2)
	content, err := os.ReadFile(d.path(system("system")))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(d.path(system("copy")), content, 0o600))
	r := d.open()
	assert.Equal(t, texts(1, 2), messages(t, r))
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	var c cache
	for n := range uint64(1000) {
		c.put(&stored{key: n, Field: Field{Value: string(make([]byte, 400<<10))}})
		require.LessOrEqual(t, c.bytes, cacheBytes)
	}
	require.NotNil(t, c.get(999))
}

func TestWaitEndsWhenSomethingComes(t *testing.T) {
	d := newDisk(t)
	f := d.create(system("system"), 1)
	r := d.open()
	assert.Empty(t, messages(t, r))
	numbered(f, 1)
	require.NoError(t, r.Wait(t.Context()))
	assert.Equal(t, texts(1), messages(t, r))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, r.Wait(ctx), context.Canceled)
}

func TestFoldersThatComeLater(t *testing.T) {
	d := newDisk(t)
	require.NoError(t, os.RemoveAll(d.path("var")))
	r := d.open()
	assert.Empty(t, messages(t, r))
	assert.Equal(t, []string{"missing var/log/journal: open " + d.path("var/log/journal") + ": no such file or directory"}, d.told)
	assert.Equal(t, 1, func() int { r.measure(); return r.Stats().Troubled }())
	numbered(d.create(system("system"), 1), 1)
	require.NoError(t, r.Wait(t.Context()))
	assert.Equal(t, texts(1), messages(t, r))
	r.measure()
	assert.Zero(t, r.Stats().Troubled)
}

// A machine that has no journal on the disk deletes the oldest files in memory again and
// again.
func TestFilesInMemoryThatAreDeletedAreLetGo(t *testing.T) {
	d := newDisk(t)
	r := d.open()
	for n := range 5 {
		f := d.create(memory("system"), 1)
		numbered(f, n+1)
		assert.Equal(t, texts(n+1), again(t, r))
		archive := memory("system@" + texts(n)[0])
		d.rename(memory("system"), archive)
		f.Archive()
		again(t, r)
		require.NoError(t, os.Truncate(d.path(archive), 0))
		require.NoError(t, os.Remove(d.path(archive)))
	}
	assert.Empty(t, again(t, r))
	assert.Empty(t, r.volatile)
	assert.Empty(t, r.files)
	r.measure()
	assert.Zero(t, r.Stats().Files)
}
