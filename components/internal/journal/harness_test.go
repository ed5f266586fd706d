// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

const machine = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// disk is a folder of journals, below which nothing is of the machine that tests run on.
type disk struct {
	t       *testing.T
	root    string
	options Options
	files   int
	told    []string
}

func newDisk(t *testing.T) *disk {
	d := &disk{t: t, root: t.TempDir()}
	d.options = Options{Directories: []string{d.path("var/log/journal"), d.path("run/log/journal")}, MachineID: id(0xaa)}
	d.options.Trouble = func(kind Trouble, path string, err error) {
		rel, _ := filepath.Rel(d.root, path)
		d.told = append(d.told, string(kind)+" "+rel+": "+err.Error())
	}
	for _, folder := range d.options.Directories {
		require.NoError(t, os.MkdirAll(folder, 0o755))
	}
	return d
}

func id(b byte) (id ID) {
	for i := range id {
		id[i] = b
	}
	return id
}

func (d *disk) path(name string) string { return filepath.Join(d.root, name) }

// create makes a file in a sequence. Each has another ID.
func (d *disk) create(name string, sequence byte) *journaltest.File {
	d.files++
	path := d.path(name)
	require.NoError(d.t, os.MkdirAll(filepath.Dir(path), 0o755))
	return journaltest.Create(d.t, path, journaltest.Options{Compact: d.files%2 == 0, FileID: id(byte(d.files)), SeqnumID: id(sequence)})
}

// system is the name of a file on the disk, memory of one in memory.
func system(name string) string { return "var/log/journal/" + machine + "/" + name + ".journal" }
func memory(name string) string { return "run/log/journal/" + machine + "/" + name + ".journal" }

// numbered appends entries with messages that are their numbers, and times by them.
func numbered(f *journaltest.File, numbers ...int) {
	for _, n := range numbers {
		f.Append(at(n, n))
	}
}

// at is the entry with a number that is written at a time.
func at(number, seconds int) journaltest.Entry {
	return journaltest.Entry{
		Seqnum: uint64(number), Realtime: uint64(1000+seconds) * 1e6, Monotonic: uint64(seconds) * 1e6,
		Fields: []journaltest.Field{{Name: "MESSAGE", Value: strconv.Itoa(number)}, {Name: "UNIT", Value: "web"}},
	}
}

func upTo(from, to int) (list []int) {
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

func (d *disk) open() *Reader {
	d.t.Helper()
	r, err := Open(d.options)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = r.Close() })
	return r
}

// messages reads what is there.
func messages(t *testing.T, r *Reader) (list []string) {
	t.Helper()
	for {
		e, err := r.Next()
		require.NoError(t, err)
		if e == nil && r.more {
			continue
		}
		if e == nil {
			return list
		}
		message, _ := e.Get("MESSAGE")
		list = append(list, message)
	}
}

func texts(numbers ...int) (list []string) {
	for _, n := range numbers {
		list = append(list, fmt.Sprint(n))
	}
	return list
}

func (d *disk) rename(from, to string) {
	d.t.Helper()
	require.NoError(d.t, os.Rename(d.path(from), d.path(to)))
}
