// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cri is one line of a file.
func cri(at time.Time, stream, tag, text string) string {
	return at.UTC().Format(time.RFC3339Nano) + " " + stream + " " + tag + " " + text + "\n"
}

func endlessLine(r *rig) {
	neighbour := r.container("neighbour", busy)
	c := r.container("endless", load{bytes: 100})
	mebibytes := lineMiB * times
	r.start()
	r.arrived()
	idle := r.memory("VmRSS")
	c.print(10)
	c.bytes([]byte("2026-11-21T03:00:00.123456789Z stdout F "))
	piece := bytes.Repeat([]byte("endless "), 1<<20/8)
	for range mebibytes {
		c.bytes(piece)
	}
	c.bytes([]byte("\n"))
	c.print(10)
	// The same as a runtime writes it.
	head, part := "2026-11-21T03:00:00.123456789Z stderr P ", strings.Repeat("pieces ", 16<<10/7)
	for range mebibytes / 4 {
		c.bytes([]byte(strings.Repeat(head+part+"\n", 64)))
	}
	c.bytes([]byte("2026-11-21T03:00:00.123456789Z stderr F end\n"))
	c.print(10)
	r.arrived()
	neighbour.quiet()
	r.await()
	pieces := func() int { return r.oracle.foreigners(string(piece[:foreignBytes])) }
	r.eventually(patience, func() bool { return pieces() >= mebibytes })
	assert.Equal(r.t, mebibytes, pieces(), "pieces of the line, of 1 MiB each")
	r.counted("long_line")
	peak := r.memory("VmHWM")
	r.note("a line of %d MiB: memory %d MiB, %d at most", mebibytes, idle, peak)
	if peak > idle+memoryLimit {
		r.t.Errorf("memory grew from %d to %d MiB", idle, peak)
	}
	r.settle()
}

func notText(r *rig) {
	c := r.container("not-text", load{bytes: 100})
	for name, odd := range map[string]string{
		"NUL": "\x00", "escapes": "\x1b[31mred\x1b[0m", "carriage return": "one\rtwo", "byte order mark": "\ufeff",
		"line separators": "\u2028\u2029\u0085", "surrogates in JSON": `{"a":"\ud800\udfff"}`, "vertical": "\v\f", "noncharacters": "\uffff\ufffe", "last": "\U0010ffff",
	} {
		r.event("%s", name)
		c.print(1)
		c.whole(func(m mark) string { return seal(m, odd, odd+"x") })
	}
	for _, odd := range []string{"\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xe6\x97", "\x80", "\xf8\x88\x80\x80\x80", "\xf4\x90\x80\x80"} {
		c.print(1)
		c.any(func(m mark) string { return cri(m.at, "stdout", "F", seal(m, odd+"a", "z"+odd)) })
	}
	c.print(1)
	r.start()
	r.await()
	r.counted("invalid_utf8")
	sums, err := r.scrape()
	require.NoError(r.t, err)
	assert.Zero(r.t, sums["otelcol_receiver_pod_logs_failed_sends"], "batches that the backend refused")
	r.settle()
}

func blanksAndHalves(r *rig) {
	r.start()
	c := r.container("blanks", load{bytes: 100})
	const blank = 20
	for range blank {
		c.print(1)
		c.bytes([]byte(cri(time.Now(), "stdout", "F", "")))
		c.bytes([]byte(cri(time.Now(), "stderr", "F", "   ")))
		c.whole(func(m mark) string { return seal(m, "\t  ", "  \t ") })
	}
	r.event("bytes one by one")
	slow := c.noted("stdout", func(m mark) string { return cri(m.at, "stdout", "F", seal(m, "", "byte by byte")) })
	for i := range len(slow) {
		c.bytes([]byte(slow[i : i+1]))
		pause := time.Millisecond
		if i == 30 || i == len(slow)-2 {
			// Longer than it waits between two looks, and shorter than until it takes half a line for all.
			pause = 3 * time.Second
		}
		r.pass(pause)
	}
	r.event("no line break at the end of 0.log, then 1.log")
	half := c.noted("stdout", func(m mark) string { return cri(m.at, "stdout", "F", seal(m, "", "without an end")) })
	c.bytes([]byte(strings.TrimSuffix(half, "\n")))
	c.restart()
	c.print(5)
	r.await()
	r.eventually(patience, func() bool { return r.oracle.foreigners("") >= blank && r.oracle.foreigners("   ") >= blank })
	r.settle()
	assert.Equal(r.t, blank, r.oracle.foreigners(""), "empty lines")
	assert.Equal(r.t, blank, r.oracle.foreigners("   "), "lines of blanks")
}

func cutLines(r *rig) {
	const chunk = 16 << 10
	r.start()
	c := r.container("cut", load{bytes: 100, chunk: chunk})
	// Lines that end just before, at, and just after the place of a cut.
	for _, size := range []int{chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 2*chunk + 1, 5*chunk + 7} {
		c.whole(func(m mark) string { return seal(m, "", strings.Repeat("x", size-markWidth)) })
	}
	r.event("both streams in turn")
	for range 50 {
		out := c.noted("stdout", func(m mark) string { return cri(m.at, "stdout", "F", seal(m, "", "out 日本 out")) })
		err := c.noted("stderr", func(m mark) string { return cri(m.at, "stderr", "F", seal(m, "", "err 日本 err")) })
		c.bytes([]byte(interleave(out, err)))
	}
	r.event("a stamp of another zone, and tags that mean nothing")
	c.any(func(m mark) string {
		return m.at.In(time.FixedZone("", 10*3600)).Format(time.RFC3339Nano) + " stdout F " + seal(m, "", "zone") + "\n"
	})
	c.any(func(m mark) string { return cri(m.at, "stdout", "X", seal(m, "", "tag")) })
	c.any(func(m mark) string { return "no runtime wrote " + seal(m, "", "this") + "\n" })
	c.print(1)
	r.await()

	r.event("killed between two pieces")
	pieces := strings.SplitAfter(c.noted("stderr", func(m mark) string {
		return inPieces(m.at, "stderr", seal(m, "", strings.Repeat("killed ", 20)))
	}), "\n")
	c.bytes([]byte(pieces[0]))
	c.whole(func(m mark) string { return seal(m, "", "proves that it was read") })
	r.arrived()
	r.kill()
	c.bytes([]byte(strings.Join(pieces[1:], "")))
	r.start()
	r.await()

	r.event("rotated between two pieces")
	const tail = " and the rest of it"
	c.bytes([]byte(cri(time.Now(), "stderr", "P", "a line that was rotated")))
	newRotator(c, 0).rotate()
	c.bytes([]byte(cri(time.Now(), "stderr", "F", tail)))
	c.print(1)

	r.event("a piece without its end, then the next restart")
	c.bytes([]byte(cri(time.Now(), "stdout", "P", "the container died here")))
	c.restart()
	c.print(20)
	r.eventually(patience, func() bool { return r.oracle.foreigners("the container died here") > 0 })
	r.counted("unfinished_line")
	r.settle()
	assert.Equal(r.t, 1, r.oracle.foreigners("a line that was rotated"+tail), "a line that was cut by a rotation is joined")
	assert.Equal(r.t, 1, r.oracle.foreigners("the container died here"), "a line of which the end never came")
}

// interleave writes two lines of one piece each as four, in turn.
func interleave(one, other string) string {
	split := func(whole string) (string, string) {
		// At a byte within a character, as a runtime cuts.
		at := strings.Index(whole, "日") + 1
		fields := strings.SplitN(whole, " ", 4)
		first := strings.Replace(whole[:at], " F ", " P ", 1) + "\n"
		return first, fields[0] + " " + fields[1] + " F " + whole[at:]
	}
	one1, one2 := split(one)
	other1, other2 := split(other)
	return one1 + other1 + one2 + other2
}

// inPieces writes a text as three pieces.
func inPieces(at time.Time, stream, text string) string {
	third := len(text) / 3
	return cri(at, stream, "P", text[:third]) + cri(at.Add(3), stream, "P", text[third:2*third]) + cri(at.Add(6), stream, "F", text[2*third:])
}

// bytes appends bytes that nothing is expected of.
func (c *container) bytes(raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(raw)
}

// noted makes a line that is expected from now on, and leaves the writing to the row.
func (c *container) noted(stream string, text func(m mark) string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return text(c.oracle.expect(c.id, c.now(), stream))
}

// whole writes a line of stdout as the runtime does.
func (c *container) whole(text func(m mark) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.oracle.expect(c.id, c.now(), "stdout")
	c.emit(m, "stdout", text(m))
}

// any writes bytes of which only the mark has to arrive.
func (c *container) any(raw func(m mark) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.oracle.expect(c.id, c.now(), "stdout")
	c.oracle.loosen(m)
	c.write([]byte(raw(m)))
}
