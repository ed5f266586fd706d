// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/spill"
)

const patience = 30 * time.Second

// node is a folder of pods, and a tail that follows it, through its restarts. It is the
// consumer, too.
type node struct {
	t       *testing.T
	options Options
	spills  string
	// spillBytes is the bound of the copies.
	spillBytes int64

	tail *Tail
	room chan struct{}
	end  context.CancelFunc
	done chan struct{}

	mu sync.Mutex
	// got are the lines in the order in which they came, troubles what was reported.
	got      []string
	troubles map[Trouble]int
	// grant is how much may be read of a file; nil is all.
	grant func(f *File, most, least int64) (int64, time.Time)
	// asked counts how often somebody wanted to read.
	asked int
	// full refuses to read, withheld keeps what is taken from being delivered.
	full, withheld bool
	intakes        map[*intake]bool
	// marks are those at the end of the last pass.
	marks map[Container][]Mark
	known map[Container]bool
	// unwanted are not read; again are those of which that has changed.
	unwanted map[Container]bool
	again    []Container
	// asking counts those that were not told yet.
	asking int
	// forgotten are those that are gone.
	forgotten map[Container]bool
	// blocked is what Unreadable said at the end of the last pass, waiting how many folders
	// were waiting for the bell.
	blocked bool
	waiting int
	// silent is a bell that never rings.
	silent bool
}

func newNode(t *testing.T) *node {
	n := &node{
		t: t, troubles: map[Trouble]int{}, unwanted: map[Container]bool{}, forgotten: map[Container]bool{},
		spills: t.TempDir(), spillBytes: 1 << 30,
	}
	n.options = Options{
		Root: t.TempDir(), PollInterval: 5 * time.Millisecond, MaxPollInterval: 20 * time.Millisecond,
		ScanInterval: 50 * time.Millisecond, Quiet: 100 * time.Millisecond,
	}
	t.Cleanup(n.kill)
	return n
}

// start begins with the marks of the run before.
func (n *node) start() *node {
	n.t.Helper()
	store := spill.Open(n.spills, n.spillBytes)
	n.room, n.done = make(chan struct{}, 1), make(chan struct{})
	n.intakes, n.known = map[*intake]bool{}, map[Container]bool{}
	options := n.options
	options.Room, options.Spill, options.Marks = n.room, store, map[Container][]Mark{}
	for id, marks := range n.marks {
		options.Marks[id] = marks
	}
	n.tail = New(options, n)
	ctx, end := context.WithCancel(context.Background())
	n.end = end
	go func() {
		defer close(n.done)
		n.tail.Run(ctx)
	}()
	return n
}

// kill ends it as a crash does: nothing is put in order, and the marks are as old as
// somebody has kept them.
func (n *node) kill() {
	if n.tail == nil {
		return
	}
	n.end()
	<-n.done
	n.tail.tree.close()
	n.tail.bell.close()
	for _, d := range n.tail.agenda {
		for _, f := range d.files {
			f.close()
		}
	}
	n.tail = nil
}

// stop ends it in good order.
func (n *node) stop() {
	n.end()
	<-n.done
	n.tail.Close()
	n.keepMarks()
	n.tail = nil
}

// keepMarks is what a storage does.
func (n *node) keepMarks() {
	n.marks = map[Container][]Mark{}
	for id := range n.known {
		if marks := n.tail.Marks(id); len(marks) > 0 {
			n.marks[id] = marks
		}
	}
}

// set changes something that the tail's goroutine reads.
func (n *node) set(change func()) {
	n.mu.Lock()
	change()
	n.mu.Unlock()
	select {
	case n.room <- struct{}{}:
	default:
	}
}

func (n *node) Wanted(id Container) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.unwanted[id]
}

// want says whether a container is read, from now on.
// want says whether a container is read, and returns when that is known.
func (n *node) want(id Container, wanted bool) {
	n.t.Helper()
	n.set(func() {
		n.unwanted[id] = !wanted
		n.again = append(n.again, id)
		n.asking++
	})
	n.eventually(func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.asking == 0
	}, "it is known whether it is read")
}

func (n *node) Forgotten(id Container) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forgotten[id] = true
}

func (n *node) Open(f *File, start Position) Intake {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[f.Container()] = true
	in := &intake{node: n, file: f, taken: start.Start(), acked: start.Start()}
	n.intakes[in] = true
	return in
}

func (n *node) Changed(Container) {}

// Pass keeps the marks, so that a crash finds those of an earlier moment.
func (n *node) Pass() time.Duration {
	n.mu.Lock()
	again := n.again
	n.again = nil
	n.mu.Unlock()
	for _, id := range again {
		n.tail.Reconsider(id)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asking -= len(again)
	n.blocked = n.tail.Unreadable()
	if n.silent && n.tail.bell.set != nil {
		n.tail.bell.rings = nil
	}
	n.waiting = 0
	for _, d := range n.tail.agenda {
		if d.awaited {
			n.waiting++
		}
	}
	if !n.withheld {
		for in := range n.intakes {
			in.acked = in.taken
		}
	}
	return 0
}

func (n *node) Trouble(kind Trouble, path string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.troubles[kind]++
	n.t.Logf("%s %s %v", kind, path, err)
}

type intake struct {
	node         *node
	file         *File
	taken, acked int64
}

func (in *intake) Acquire(most, least int64) (int64, time.Time) {
	in.node.mu.Lock()
	defer in.node.mu.Unlock()
	in.node.asked++
	switch {
	case in.node.full:
		return 0, time.Time{}
	case in.node.grant != nil:
		return in.node.grant(in.file, most, least)
	}
	return most, time.Time{}
}

func (in *intake) Take(c Chunk) {
	in.node.mu.Lock()
	defer in.node.mu.Unlock()
	if in.taken != c.Start && len(c.Data) > 0 {
		in.node.t.Errorf("a chunk begins at %d instead of %d", c.Start, in.taken)
	}
	in.taken = c.Start + int64(len(c.Data))
	for line := range strings.Lines(string(c.Data)) {
		in.node.got = append(in.node.got, strings.TrimSuffix(line, "\n"))
	}
}

func (in *intake) Position() Position {
	in.node.mu.Lock()
	defer in.node.mu.Unlock()
	return At(in.acked)
}

func (in *intake) Idle() bool {
	in.node.mu.Lock()
	defer in.node.mu.Unlock()
	return in.acked == in.taken
}

func (in *intake) End() {}

const web = "shop_web-0_uid/main"

func (n *node) path(container, name string) string {
	return filepath.Join(n.options.Root, filepath.FromSlash(container), name)
}

func (n *node) write(container, name string, lines ...string) {
	n.t.Helper()
	n.writeRaw(container, name, strings.Join(lines, "\n")+"\n")
}

func (n *node) writeRaw(container, name, text string) {
	n.t.Helper()
	path := n.path(container, name)
	require.NoError(n.t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(n.t, err)
	_, err = f.WriteString(text)
	require.NoError(n.t, err)
	require.NoError(n.t, f.Close())
}

func (n *node) rename(container, from, to string) {
	n.t.Helper()
	require.NoError(n.t, os.Rename(n.path(container, from), n.path(container, to)))
}

func (n *node) lines() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.got...)
}

func (n *node) unreadable() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.blocked
}

func (n *node) awaited() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.waiting
}

func (n *node) count(kind Trouble) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.troubles[kind]
}

// wants waits until exactly these lines have come, in this order.
func (n *node) wants(want ...string) {
	n.t.Helper()
	n.eventually(func() bool { return len(n.lines()) >= len(want) }, "%d lines", len(want))
	require.Equal(n.t, want, n.lines())
}

func (n *node) eventually(cond func() bool, what string, args ...any) {
	n.t.Helper()
	require.Eventually(n.t, cond, patience, time.Millisecond, what, args)
}

// numbered makes lines with the time in front, as runtimes do.
func numbered(from, count int) []string {
	lines := make([]string, count)
	for i := range lines {
		lines[i] = fmt.Sprintf("2026-11-20T10:00:00.%09dZ stdout F line %d", from+i, from+i)
	}
	return lines
}
