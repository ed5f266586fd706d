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

// The kernel reports a file when it is created, which is before journald has written
// anything to it.
func TestAFileThatIsBeingCreatedIsNotForgotten(t *testing.T) {
	for what, begin := range map[string]string{"empty": "", "zeros": strings.Repeat("\x00", 4096), "half a header": "LPKSHHRH" + strings.Repeat("\x00", 400)} {
		t.Run(what, func(t *testing.T) {
			d := newDisk(t)
			s := d.create(system("system"), 1)
			numbered(s, 1)
			r := d.open()
			assert.Equal(t, texts(1), messages(t, r))
			require.NoError(t, os.WriteFile(d.path(system("user-1000")), []byte(begin), 0o600))
			assert.Empty(t, messages(t, r))
			user := d.create("elsewhere", 2)
			numbered(user, 2)
			content := user.Bytes()
			require.NoError(t, os.WriteFile(d.path(system("user-1000")), content, 0o600))
			numbered(s, 3)
			assert.Equal(t, texts(2, 3), messages(t, r))
			assert.Empty(t, d.told)
		})
	}
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
	for _, sequence := range []byte{1, 2} {
		usersEntriesComeInTheirOrder(t, sequence)
	}
}

func usersEntriesComeInTheirOrder(t *testing.T, sequence byte) {
	d := newDisk(t)
	system, user := d.create(system("system"), 1), d.create(system("user-1000"), sequence)
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

// Until systemd 254, the file of a user is a sequence of its own with the same numbers.
func TestAnEntryOfANewUserComesInItsOrder(t *testing.T) {
	for _, sequence := range []byte{1, 2} {
		d := newDisk(t)
		s := d.create(system("system"), 1)
		numbered(s, 1)
		r := d.open()
		assert.Equal(t, texts(1), messages(t, r))
		numbered(d.create(system("user-1000"), sequence), 2)
		numbered(s, 3)
		for _, f := range r.files {
			r.refresh(f)
		}
		r.poll.calls = 0
		assert.Equal(t, texts(2, 3), messages(t, r))
	}
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
