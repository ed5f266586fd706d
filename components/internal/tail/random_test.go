// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world does to log files what runtimes, kubelets and people do, in a random order.
type world struct {
	*node
	random *rand.Rand
	next   int
	// want are the lines that have to come.
	want []string
	// stamp counts rotations, restarts is that of each container.
	stamp    int
	restarts map[string]int
	// did is what was done so far, for an explanation.
	did   []string
	doing string
	// undelivered says that a run has ended before everything was delivered.
	undelivered bool
}

func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *world) container() string {
	return fmt.Sprintf("shop_web-%d_uid/main", w.random.IntN(3))
}

func (w *world) current(container string) string { return fmt.Sprintf("%d.log", w.restarts[container]) }

// append writes lines, the last one now and then in two steps.
func (w *world) append(container string) {
	count := 1 + w.random.IntN(40)
	if w.chance(5) {
		count = 4000 // More than a chunk.
	}
	lines := numbered(w.next, count)
	w.next += count
	w.want = append(w.want, lines...)
	text := strings.Join(lines, "\n") + "\n"
	if w.chance(30) {
		cut := w.random.IntN(len(text))
		w.writeRaw(container, w.current(container), text[:cut])
		text = text[cut:]
	}
	w.writeRaw(container, w.current(container), text)
}

// rotate does what the kubelet does: all rotated files but the newest are compressed.
func (w *world) rotate(container string) {
	current := w.path(container, w.current(container))
	if _, err := os.Stat(current); err != nil {
		return
	}
	older, err := filepath.Glob(w.path(container, "*.log.2*"))
	require.NoError(w.t, err)
	for _, path := range older {
		if !strings.HasSuffix(path, ".gz") {
			compress(w.t, path)
		}
	}
	w.stamp++
	require.NoError(w.t, os.Rename(current, fmt.Sprintf("%s.20261120-%06d", current, w.stamp)))
	if w.chance(50) {
		w.writeRaw(container, w.current(container), "")
	}
}

func missing(want, got []string) []string {
	have := make(map[string]bool, len(got))
	for _, line := range got {
		have[line] = true
	}
	return slices.DeleteFunc(slices.Clone(want), func(line string) bool { return have[line] })
}

// explain says which lines did not come, and where they are.
func (w *world) explain() {
	lost := missing(w.want, w.lines())
	w.t.Logf("%d of %d lines did not come, the first is %q", len(lost), len(w.want), lost[0])
	files, err := filepath.Glob(filepath.Join(w.options.Root, "*", "*", "*"))
	require.NoError(w.t, err)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(w.t, err)
		size := len(raw)
		if strings.HasSuffix(path, ".gz") {
			r, err := gzip.NewReader(bytes.NewReader(raw))
			require.NoError(w.t, err)
			raw, err = io.ReadAll(r)
			require.NoError(w.t, err)
		}
		if strings.Contains(string(raw), lost[0]) {
			w.t.Logf("%s of %d bytes has it, its first line is %.50q", path, size, raw)
		}
	}
	for _, did := range w.did {
		w.t.Log(did)
	}
}

func (w *world) step() {
	before := w.next
	defer func() { w.did = append(w.did, fmt.Sprintf("%s: lines %d to %d", w.doing, before, w.next)) }()
	container := w.container()
	switch w.random.IntN(12) {
	case 0, 1, 2, 3, 4:
		w.doing = "append to " + container
		w.append(container)
	case 5, 6:
		w.doing = "rotate " + container
		w.rotate(container)
	case 7:
		w.doing = "restart " + container
		w.restarts[container]++
	case 8:
		w.set(func() { w.full = !w.full })
		w.doing = fmt.Sprintf("full=%t", w.full)
	case 9:
		w.set(func() { w.withheld = !w.withheld })
		w.doing = fmt.Sprintf("withheld=%t", w.withheld)
	case 10:
		w.doing = "copy and truncate " + container
		w.copyAndTruncate(container)
	case 11:
		w.doing = "end"
		w.end()
	}
	if w.chance(20) {
		<-time.After(time.Duration(w.random.IntN(10)) * time.Millisecond)
	}
}

func (w *world) copyAndTruncate(container string) {
	current := w.path(container, w.current(container))
	raw, err := os.ReadFile(current)
	if err != nil {
		return
	}
	w.stamp++
	// The copy stays for good; logrotate's number would be another one in the next round.
	require.NoError(w.t, os.WriteFile(fmt.Sprintf("%s.20261120-%06d", current, w.stamp), raw, 0o644))
	require.NoError(w.t, os.Truncate(current, 0))
}

// end is a restart, after a crash with marks of an earlier moment.
func (w *world) end() {
	if w.withheld {
		w.undelivered = true // It is read again.
	}
	if w.chance(50) {
		w.stop()
	} else {
		// The marks are those of the last end in good order.
		w.undelivered = true
		w.kill()
	}
	w.full, w.withheld = false, false
	w.start()
}

func TestNothingIsLostWhateverHappensToTheFiles(t *testing.T) {
	for name, options := range map[string]Options{"watching": {}, "scanning": {NoWatch: true}, "two files open": {MaxOpen: 2}, "small grants": {}} {
		for round := range 12 {
			seed := uint64(round + 1)
			t.Run(fmt.Sprintf("%s/seed=%d", name, seed), func(t *testing.T) {
				n := newNode(t)
				n.options.NoWatch, n.options.MaxOpen = options.NoWatch, options.MaxOpen
				if name == "small grants" {
					n.grant = smallGrants(seed)
				}
				w := &world{node: n, random: rand.New(rand.NewPCG(seed, 7)), restarts: map[string]int{}}
				w.start()
				for range 120 {
					w.step()
				}
				w.set(func() { w.full, w.withheld = false, false })
				if !assert.Eventually(t, func() bool { return len(missing(w.want, w.lines())) == 0 }, patience, 10*time.Millisecond) {
					w.explain()
				}
				w.noneTwice()
			})
		}
	}
}

// smallGrants lets some kilobytes be read, or nothing for some milliseconds.
func smallGrants(seed uint64) func(*File, int64, int64) (int64, time.Time) {
	random := rand.New(rand.NewPCG(seed, 8))
	return func(_ *File, most, least int64) (int64, time.Time) {
		if random.IntN(4) == 0 {
			return 0, time.Now().Add(time.Duration(random.IntN(10)) * time.Millisecond)
		}
		return max(min(most, random.Int64N(20_000)), least), time.Time{}
	}
}

// noneTwice checks that lines came twice only when the end of a run has made it so, and none in
// another form than it was written.
func (w *world) noneTwice() {
	w.t.Helper()
	count := map[string]int{}
	for _, line := range w.lines() {
		count[line]++
	}
	written := make(map[string]bool, len(w.want))
	for _, line := range w.want {
		written[line] = true
	}
	for line := range maps.Keys(count) {
		assert.True(w.t, written[line], "a line that nobody wrote: %q", line)
	}
	twice := 0
	for _, line := range w.want {
		if count[line] > 1 {
			twice++
		}
	}
	if !w.undelivered {
		assert.Zero(w.t, twice, "lines that came twice")
	}
}
