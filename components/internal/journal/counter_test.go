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
		{"numbers of a user's file that is a sequence of its own", func(d *disk, r func() *Reader) {
			f, user := d.create(system("system"), 1), d.create(system("user-1000"), 2)
			numbered(f, 1)
			numbered(user, 2)
			messages(d.t, r())
			numbered(user, 3, 5)
			numbered(f, 4, 6)
		}, 0, texts(3, 4, 5, 6)},
		{"entries between those of such a file", func(d *disk, r func() *Reader) {
			f, user := d.create(system("system"), 1), d.create(system("user-1000"), 2)
			numbered(f, 1)
			numbered(user, 2)
			messages(d.t, r())
			d.rename(system("system"), system("system@1"))
			f.Archive()
			require.NoError(d.t, os.Remove(d.path(system("system@1"))))
			numbered(user, 5)
			numbered(d.create(system("system"), 1), 9)
		}, 2 + 3, texts(5, 9)},
		{"a count that begins anew, in a file that has been further", func(d *disk, r func() *Reader) {
			f, user := d.create(system("system"), 1), d.create(system("user-1000"), 2)
			numbered(f, 50)
			numbered(user, 60)
			r().SeekMarks([]Mark{{Cursor: cursorAt(1, 50), Folder: machine}, {Cursor: cursorAt(2, 60), Folder: machine}})
			f.Append(at(51, 70))
			user.Append(at(61, 71))
			f.Append(at(62, 72))
		}, 0, texts(51, 61, 62)},
		{"the same, in one sequence", func(d *disk, r func() *Reader) {
			f, user := d.create(system("system"), 1), d.create(system("user-1000"), 1)
			numbered(f, 50)
			numbered(user, 60)
			messages(d.t, r())
			user.Append(at(61, 71))
			f.Append(at(62, 72))
		}, 0, texts(61, 62)},
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
		{"a file that was deleted after a restart, which is counted once", func(d *disk, r func() *Reader) {
			f := d.create(system("system@1"), 1)
			numbered(f, 10, 11, 12)
			f.Archive()
			numbered(d.create(system("system"), 1), 13)
			r().SeekMarks([]Mark{{Cursor: cursorAt(1, 9), Folder: machine}})
			require.NoError(d.t, os.Truncate(d.path(system("system@1")), 0))
		}, 3, texts(13)},
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
