// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"os"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rewrittenFiles empties files under the eyes of the collector, and while it is away. What is in a file afterwards was not
// read, and has to come within the promised time; what was delivered may not come again.
func rewrittenFiles(r *rig) {
	c := r.container("rewritten", load{bytes: 100})
	empty := func(int) int { return 0 }
	r.start()
	for range times {
		for _, lines := range []int{20, 400, 0} {
			r.seesCut(c, empty, lines)
		}
	}
	r.event("a hole where lines were: the writer does not append")
	c.hole()
	c.print(50)
	r.await()
	r.stop(exitLimit)
	r.event("written anew while nobody looks")
	c.cut(empty, 300)
	r.start()
	r.settle()
}

// cutFiles cuts the end of files off. Where it was cut nobody can say who comes later, so that all of it may come again.
func cutFiles(r *rig) {
	r.anyDuplicates = true
	c := r.container("cut", load{bytes: 100})
	half := func(before int) int { return before / 2 }
	r.start()
	for range times {
		for _, lines := range []int{0, 20, 400} {
			r.seesCut(c, half, lines)
		}
	}
	r.stop(exitLimit)
	r.event("cut while nobody looks")
	c.cut(half, 0)
	r.start()
	// It is looked at before something is printed: what is behind an offset beyond the end would be skipped.
	r.pass(readable / 2)
	c.print(100)
	r.settle()
}

// seesCut cuts a file that is delivered, prints so many lines at once, and waits until the collector has noticed.
func (r *rig) seesCut(c *container, size func(before int) int, lines int) {
	r.t.Helper()
	c.print(200)
	r.await()
	r.event("cut, and %d lines more", lines)
	before, began := r.anomalies("truncated"), time.Now()
	c.cut(size, lines)
	assert.True(r.t, r.eventually(patience, func() bool { return r.anomalies("truncated") > before }), "it was noticed")
	r.await()
	took := time.Since(began)
	r.note("noticed and delivered after %.1fs", took.Seconds())
	assert.LessOrEqual(r.t, took, readable, "how long it took until the file was read again")
}

// cut cuts the file behind the last whole line before a size, and prints so many lines before anybody can look.
func (c *container) cut(size func(before int) int, lines int) {
	c.t.Helper()
	c.mu.Lock()
	content, err := os.ReadFile(c.path())
	require.NoError(c.t, err)
	kept := bytes.LastIndexByte(content[:size(len(content))], '\n') + 1
	require.NoError(c.t, os.Truncate(c.path(), int64(kept)))
	c.mu.Unlock()
	c.print(lines)
}

// hole empties the file and prints where its end was before, as a writer does that keeps its offset. What is in the hole is
// of the first line then.
func (c *container) hole() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := c.file.Stat()
	require.NoError(c.t, err)
	m := c.oracle.expect(c.id, c.now(), "stdout")
	c.oracle.loosen(m)
	require.NoError(c.t, os.Truncate(c.path(), 0))
	require.NoError(c.t, os.Truncate(c.path(), info.Size()))
	c.write([]byte(cri(m.at, "stdout", "F", seal(m, "", "behind a hole"))))
}
