// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rewrittenFiles changes files under the eyes of the collector, and while it is away. What is in a file afterwards was not
// read, and has to come within the promised time; what was delivered may not come again.
func rewrittenFiles(r *rig) {
	c := r.container("rewritten", load{bytes: 100})
	longest := time.Duration(0)
	// soon waits for what was printed last. Each file is a full one before the next change.
	soon := func() {
		began := time.Now()
		r.await()
		longest = max(longest, time.Since(began))
	}
	r.start()
	for range times {
		c.print(200)
		soon()
		for _, fault := range []struct {
			name string
			size func(before int64) int64
			// then is the number of lines that are printed at once.
			then int
		}{
			{"emptied, and shorter than before", func(int64) int64 { return 0 }, 20},
			{"emptied, and longer than before", func(int64) int64 { return 0 }, 400},
			{"emptied, and nothing more", func(int64) int64 { return 0 }, 0},
			{"the end cut off", func(before int64) int64 { return before / 2 }, 0},
		} {
			r.event("%s", fault.name)
			before := r.anomalies("truncated")
			c.truncate(fault.size, fault.then)
			began := time.Now()
			noticed := r.eventually(patience, func() bool { return r.anomalies("truncated") > before })
			assert.True(r.t, noticed, fault.name)
			longest = max(longest, time.Since(began))
			soon()
			c.print(200)
			soon()
		}
	}
	r.counted("truncated")
	r.event("a hole where lines were: the writer does not append")
	c.print(50)
	soon()
	c.hole()
	c.print(50)
	soon()

	r.stop(exitLimit)
	r.event("written anew while nobody looks")
	c.truncate(func(int64) int64 { return 0 }, 300)
	r.start()
	soon()
	r.stop(exitLimit)
	r.event("the end cut off while nobody looks")
	c.truncate(func(before int64) int64 { return before / 3 }, 0)
	r.start()
	// It is looked at before something is printed: what is behind an offset beyond the end would be skipped.
	r.pass(readable / 2)
	c.print(100)
	soon()
	r.note("all there after %.1fs at most", longest.Seconds())
	assert.LessOrEqual(r.t, longest, readable, "how long it took until what was written anew was delivered")
	r.settle()
}

// truncate cuts the file behind the last whole line before a size, and prints so many lines before anybody can look.
func (c *container) truncate(size func(before int64) int64, lines int) {
	c.t.Helper()
	c.mu.Lock()
	content, err := os.ReadFile(c.path())
	require.NoError(c.t, err)
	kept := content[:size(int64(len(content)))]
	require.NoError(c.t, os.Truncate(c.path(), int64(strings.LastIndexByte(string(kept), '\n')+1)))
	c.mu.Unlock()
	c.print(lines)
}

// hole empties the file and prints where its end was before, as a writer does that keeps its offset. What is in the hole is
// of the first line then.
func (c *container) hole() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	end, err := c.file.Seek(0, 2)
	require.NoError(c.t, err)
	m := c.oracle.expect(c.id, c.now(), "stdout")
	c.oracle.loosen(m)
	require.NoError(c.t, os.Truncate(c.path(), 0))
	require.NoError(c.t, os.Truncate(c.path(), end))
	c.write([]byte(cri(m.at, "stdout", "F", seal(m, "", "behind a hole"))))
}
