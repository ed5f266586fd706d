// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Three files of one sequence, 1 to 30, of which the second has numbers of the others.
func threeFiles(t *testing.T) *disk {
	d := newDisk(t)
	old := d.create(system("system@1"), 1)
	numbered(old, 1, 2, 3, 5, 6, 8, 9, 10)
	old.Archive()
	numbered(d.create(system("user-1000"), 1), 4, 7, 20)
	numbered(d.create(system("system"), 1), append(upTo(11, 19), upTo(21, 30)...)...)
	return d
}

func cursorAt(sequence byte, n int) Cursor {
	return Cursor{SeqnumID: id(sequence), Seqnum: uint64(n), BootID: id(0xb0), Monotonic: uint64(n) * 1e6, Realtime: uint64(1000+n) * 1e6}
}

func TestSeek(t *testing.T) {
	for _, c := range []struct {
		what string
		seek func(*Reader)
		want []string
	}{
		{"the head, when nothing is said", func(*Reader) {}, texts(upTo(1, 30)...)},
		{"the head", (*Reader).SeekHead, texts(upTo(1, 30)...)},
		{"the tail", (*Reader).SeekTail, nil},
		{"before all", func(r *Reader) { r.SeekRealtime(0) }, texts(upTo(1, 30)...)},
		{"a time", func(r *Reader) { r.SeekRealtime(1020 * 1e6) }, texts(upTo(20, 30)...)},
		{"between two times", func(r *Reader) { r.SeekRealtime(1020*1e6 + 1) }, texts(upTo(21, 30)...)},
		{"after all", func(r *Reader) { r.SeekRealtime(9999 * 1e6) }, nil},
		{"a cursor", func(r *Reader) { r.SeekCursor(cursorAt(1, 7)) }, texts(upTo(8, 30)...)},
		{"the last cursor", func(r *Reader) { r.SeekCursor(cursorAt(1, 30)) }, nil},
		{"a cursor before all", func(r *Reader) { r.SeekCursor(cursorAt(1, 0)) }, texts(upTo(1, 30)...)},
		{"a cursor of a sequence that is gone, by its boot", func(r *Reader) {
			c := cursorAt(9, 22)
			c.Realtime = 1
			r.SeekCursor(c)
		}, texts(upTo(23, 30)...)},
		{"a cursor of a boot that is gone, by its time", func(r *Reader) {
			c := cursorAt(9, 22)
			c.BootID, c.Monotonic = id(9), 1
			r.SeekCursor(c)
		}, texts(upTo(23, 30)...)},
		{"a cursor of another boot than the running one, though the clock was wrong", func(r *Reader) {
			r.boot = id(0xb0)
			c := cursorAt(9, 22)
			c.BootID = id(9)
			r.SeekCursor(c)
		}, texts(upTo(1, 30)...)},
		{"marks", func(r *Reader) { r.SeekMarks([]Mark{{Cursor: cursorAt(1, 19), Folder: machine}}) }, texts(upTo(20, 30)...)},
		{"no marks of this sequence", func(r *Reader) { r.SeekMarks([]Mark{{Cursor: cursorAt(9, 19), Folder: machine}}) }, texts(upTo(1, 30)...)},
		{"marks of what was copied since", func(r *Reader) {
			r.SeekMarks([]Mark{{Cursor: cursorAt(9, 19), Folder: machine, Volatile: true}})
		}, texts(upTo(20, 30)...)},
		{"marks of what was copied since, of another namespace", func(r *Reader) {
			r.SeekMarks([]Mark{{Cursor: cursorAt(9, 19), Folder: machine + ".x", Volatile: true}})
		}, texts(upTo(1, 30)...)},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := threeFiles(t).open()
			c.seek(r)
			assert.Equal(t, c.want, messages(t, r))
			assert.Zero(t, r.Stats().Lost)
		})
	}
}

// What comes after the beginning is read whole, whatever the time in it is.
func TestWhatIsNewAfterTheTailIsRead(t *testing.T) {
	d := newDisk(t)
	live := d.create(system("system"), 1)
	numbered(live, 1, 2)
	r := d.open()
	r.SeekTail()
	assert.Empty(t, messages(t, r))
	numbered(live, 3)
	numbered(d.create(system("user-1000"), 1), 4, 5)
	numbered(d.create(memory("system"), 2), 1)
	assert.Equal(t, texts(1, 3, 4, 5), messages(t, r))
}

// Whenever it ends, and whatever has come in the meantime, a reader that goes on from the
// marks of the one before reads each entry once.
func TestGoingOnFromMarksMissesNothing(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		d := newDisk(t)
		d.options.Namespaces, d.options.Merge = []string{"*"}, true
		sequences := []struct {
			names []string
			next  int
		}{
			{[]string{system("system"), system("user-1000")}, 1},
			{[]string{"var/log/journal/" + machine + ".audit/system.journal"}, 1},
			{[]string{"var/log/journal/remote/remote-other.journal"}, 1},
		}
		writers := make(map[string]func(int, int))
		var want []string
		clock := 0
		write := func() {
			i := random.IntN(len(sequences))
			s := &sequences[i]
			name := s.names[random.IntN(len(s.names))]
			if writers[name] == nil {
				file := d.create(name, byte(i+1))
				writers[name] = func(number, time int) {
					e := at(number, time)
					e.Fields[0].Value = strconv.Itoa(i) + "/" + e.Fields[0].Value
					file.Append(e)
				}
			}
			clock++
			late := 0
			if i == 2 {
				late = random.IntN(100) // It was written elsewhere, and has come by now.
			}
			writers[name](s.next, 1000+clock-late)
			want = append(want, strconv.Itoa(i)+"/"+strconv.Itoa(s.next))
			s.next++
		}
		var got []string
		var marks []Mark
		for range 12 {
			for range random.IntN(20) {
				write()
			}
			r := d.open()
			if marks != nil {
				for i, m := range marks { // As they are stored.
					again, err := ParseMark(m.String())
					require.NoError(t, err)
					require.Equal(t, m, again)
					marks[i] = again
				}
				r.SeekMarks(marks)
			}
			for range random.IntN(30) {
				if random.IntN(5) == 0 {
					write()
				}
				if e, err := r.Next(); e != nil {
					require.NoError(t, err)
					text, _ := e.Get("MESSAGE")
					got = append(got, text)
					marks = r.Marks()
				}
			}
			require.NoError(t, r.Close())
		}
		r := d.open()
		if marks != nil {
			r.SeekMarks(marks)
		}
		got = append(got, messages(t, r)...)
		assert.Zero(t, r.Stats().Lost)
		require.NoError(t, r.Close()) // A user may have 128 inotify instances.
		require.ElementsMatch(t, want, got, "seed %d", seed)
		for i := range sequences { // Each sequence is in its order.
			prefix := strconv.Itoa(i) + "/"
			only := func(list []string) []string {
				return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s[:2] != prefix })
			}
			require.Equal(t, only(want), only(got), "seed %d", seed)
		}
	}
}

// A mark of what was in memory is needed until the copies are passed, however often the
// reader is started.
func TestMarksOfSequencesThatAreNotThereAreKept(t *testing.T) {
	d := newDisk(t)
	numbered(d.create(system("system"), 1), 1, 2)
	gone := Mark{Cursor: cursorAt(9, 2), Folder: machine, Volatile: true}
	before := Mark{Cursor: cursorAt(8, 2), Folder: machine, Volatile: true}
	before.BootID = id(7)
	other := Mark{Cursor: cursorAt(7, 2), Folder: machine + ".audit"}
	r, err := Open(d.options)
	require.NoError(t, err)
	defer r.Close()
	r.boot = id(0xb0)
	r.SeekMarks([]Mark{gone, before, other})
	assert.Empty(t, messages(t, r))
	copies := Mark{Cursor: cursorAt(1, 2), Folder: machine}
	assert.ElementsMatch(t, []Mark{gone, other, copies}, r.Marks())
	numbered(d.create("var/log/journal/"+machine+".audit/system.journal", 7), 1, 2)
	assert.Empty(t, again(t, r))
	assert.ElementsMatch(t, []Mark{gone, other, copies}, r.Marks())
}

// Where reading began is where it begins again, also in sequences of which no entry has
// come since.
func TestTheBeginningIsKeptInEverySequence(t *testing.T) {
	for what, seek := range map[string]func(*Reader){
		"the tail": (*Reader).SeekTail,
		"a time":   func(r *Reader) { r.SeekRealtime(1004 * 1e6) },
		"a cursor": func(r *Reader) { r.SeekCursor(cursorAt(1, 3)) },
	} {
		t.Run(what, func(t *testing.T) {
			d := newDisk(t)
			d.options.Namespaces = []string{"*"}
			live := d.create(system("system"), 1)
			numbered(live, 1, 2, 3)
			archive := d.create("var/log/journal/"+machine+".a/system@1.journal", 2)
			numbered(archive, 1, 2)
			archive.Archive()
			numbered(d.create("var/log/journal/"+machine+".a/system.journal", 2), 3)
			r := d.open()
			seek(r)
			assert.Empty(t, messages(t, r))
			live.Append(at(4, 4))
			assert.Equal(t, texts(4), messages(t, r))
			again := d.open()
			again.SeekMarks(r.Marks())
			assert.Empty(t, messages(t, again))
			assert.Zero(t, again.Stats().Lost)
		})
	}
}

func TestWhatIsWantedAndNotLookedAtIsReadAfterARestart(t *testing.T) {
	d := newDisk(t)
	d.options.Namespaces = []string{"*"}
	numbered(d.create(system("system"), 1), 1, 2, 3, 4)
	other := d.create("var/log/journal/"+machine+".a/system.journal", 2)
	numbered(other, 1, 2, 9)
	r := d.open()
	r.SeekRealtime(1003 * 1e6)
	e, err := r.Next()
	require.NoError(t, err)
	message, _ := e.Get("MESSAGE")
	assert.Equal(t, "3", message)
	again := d.open()
	again.SeekMarks(r.Marks())
	assert.Equal(t, texts(4, 9), messages(t, again))
}
