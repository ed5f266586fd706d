// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file that is written anew between two looks, and is longer than before by then,
// looks like one that has grown.
func TestAFileThatWasWrittenAnewIsReadFromItsBeginning(t *testing.T) {
	long := "2026-11-20T10:00:00.000000000Z stdout F " + strings.Repeat("x", maxLastLine)
	for _, tt := range []struct {
		name          string
		first, second []string
	}{
		{"a line ends where one ended before", numbered(100, 20), numbered(200, 40)},
		{"no line ends there", numbered(1, 5), numbered(200, 40)},
		{"the line before was too long to be known", append(numbered(100, 20), long), append(numbered(200, 20), long, "more")},
		{"only the first line is other", append([]string{"2026-11-20T10:00:01Z"}, numbered(0, 9)...), append([]string{"2026-11-20T10:00:02Z"}, numbered(0, 20)...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				n.write(web, "0.log", tt.first...)
				n.start()
				pass(10 * time.Second)
				require.NoError(t, os.WriteFile(n.path(web, "0.log"), []byte(strings.Join(tt.second, "\n")+"\n"), 0o644))
				pass(10 * time.Second)
				n.wants(slices.Concat(tt.first, tt.second)...)
				assert.Equal(t, 1, n.count(Truncated))
			})
		})
	}
}

// While nothing may be read, the copy has to be found before it is deleted.
func TestAFileThatIsWrittenAnewWhileThereIsNoRoomLosesNothing(t *testing.T) {
	n := newNode(t)
	// More than is looked at again now and then, so that only the blocked folder is left to see it.
	n.write(web, "0.log", numbered(100, 40)...)
	n.start()
	n.wants(numbered(100, 40)...)
	n.set(func() { n.full = true })
	n.write(web, "0.log", numbered(150, 20)...)
	raw, err := os.ReadFile(n.path(web, "0.log"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(n.path(web, "0.log.1"), raw, 0o644))
	require.NoError(t, os.WriteFile(n.path(web, "0.log"), []byte(strings.Join(numbered(200, 80), "\n")+"\n"), 0o644))
	n.eventually(func() bool { return n.count(Truncated) == 1 }, "it is seen that the file was written anew")
	require.NoError(t, os.Remove(n.path(web, "0.log.1")))
	n.eventually(func() bool { return n.count(Spilled) == 1 }, "the rest of the copy is kept")
	n.set(func() { n.full = false })
	n.wants(slices.Concat(numbered(100, 40), numbered(150, 20), numbered(200, 80))...)
}

func TestWhatAFileThatGrowsCosts(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		disk := &faulty{FS: OS}
		n.options.FS = disk
		n.write(web, "0.log", numbered(0, 100)...)
		n.start()
		pass(10 * time.Second)
		before, want := disk.reads.Load(), numbered(0, 100)
		for i := range 20 {
			more := numbered(1000+100*i, 10)
			n.write(web, "0.log", more...)
			want = append(want, more...)
			pass(10 * time.Second)
		}
		n.wants(want...)
		assert.Equal(t, int64(20), disk.reads.Load()-before, "one reading each time: the line before shows that it is the same file")
	})
}

func TestWhatIsReadSaysWhetherMoreIsThere(t *testing.T) {
	in := &chunks{}
	tl := New(Options{Root: t.TempDir()}, in)
	id := Container{Namespace: "shop", Pod: "web-0", UID: "uid", Name: "main"}
	n := &node{t: t, options: tl.options}
	n.write(web, "0.log", numbered(0, 12_000)...)
	d := tl.enter(id)
	tl.look(d)
	for len(in.more) < 3 {
		tl.turn(d)
	}
	tl.Close()
	assert.Equal(t, []bool{true, true, false}, in.more, "590 kB are read in three chunks")
}

// chunks takes everything.
type chunks struct {
	more []bool
	read int64
}

func (c *chunks) Wanted(Container) bool                    { return true }
func (c *chunks) Open(*File, Position) Intake              { return c }
func (c *chunks) Changed(Container)                        {}
func (c *chunks) Forgotten(Container)                      {}
func (c *chunks) Pass() time.Duration                      { return 0 }
func (c *chunks) Trouble(Trouble, string, error)           {}
func (c *chunks) Acquire(most, _ int64) (int64, time.Time) { return most, time.Time{} }
func (c *chunks) Take(k Chunk) {
	c.more = append(c.more, k.More)
	c.read = k.Start + int64(len(k.Data))
}
func (c *chunks) Position() Position { return At(c.read) }
func (c *chunks) Idle() bool         { return true }
func (c *chunks) End()               {}
