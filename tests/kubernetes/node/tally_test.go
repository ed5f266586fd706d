// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start is one start of a container, whose lines are numbered from 1.
type start struct {
	uid, container string
	attempt        int
}

// line is what a line of programs/writer says of itself.
type line struct {
	start
	run, namespace, pod string
	stream              string
	n, size             int
}

// parseLine reads the beginning of a line.
func parseLine(text string) (l line, err error) {
	var of string
	_, err = fmt.Sscanf(text, "run=%s pod=%s start=%d stream=%s n=%d size=%d ", &l.run, &of, &l.attempt, &l.stream, &l.n, &l.size)
	parts := strings.Split(of, "/")
	if err == nil && len(parts) != 4 {
		err = errors.New("a pod has four parts")
	}
	if err == nil {
		l.namespace, l.pod, l.uid, l.container = parts[0], parts[1], parts[2], parts[3]
	}
	return l, err
}

// tally counts what the sink got.
type tally struct {
	path     string
	expected func(line) map[string]any

	offset     int64
	rest       []byte
	attributes map[string]any
	counts     map[start][]uint16 // How often each number came.
	total      int
	wrong      []string
}

func newTally(path string, expected func(line) map[string]any) *tally {
	return &tally{path: path, expected: expected, counts: map[start][]uint16{}}
}

// update reads what the sink has written since the last time.
func (c *tally) update(t *testing.T) {
	file, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	_, err = file.Seek(c.offset, io.SeekStart)
	require.NoError(t, err)
	raw, err := io.ReadAll(file)
	require.NoError(t, err)
	c.offset += int64(len(raw))
	raw = append(c.rest, raw...)
	for {
		text, after, found := bytes.Cut(raw, []byte("\n"))
		if !found {
			c.rest = bytes.Clone(raw)
			return
		}
		raw = after
		var record struct {
			Attributes map[string]any `json:"a"`
			Stream     string         `json:"s"`
			Body       string         `json:"b"`
			Size       int            `json:"n"`
		}
		require.NoError(t, json.Unmarshal(text, &record))
		if record.Attributes != nil {
			c.attributes = record.Attributes
		}
		c.add(record.Body, record.Stream, record.Size, c.attributes)
	}
}

// add counts a line. Those of others than writers, such as Loki, are not counted.
func (c *tally) add(body, stream string, size int, attributes map[string]any) {
	if attributes["k8s.namespace.name"] != "shop" && !strings.HasPrefix(body, "run=") {
		return
	}
	l, err := parseLine(body)
	if err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("%.200q of %v: %v", body, attributes, err))
		return
	}
	if size != l.size || stream != l.stream {
		c.wrong = append(c.wrong, fmt.Sprintf("%.200q has %d bytes and came by %q", body, size, stream))
	}
	if want := c.expected(l); !reflect.DeepEqual(want, attributes) {
		c.wrong = append(c.wrong, fmt.Sprintf("%.200q:\n  want %v\n  got  %v", body, want, attributes))
	}
	c.count(l)
}

func (c *tally) count(l line) {
	counts := c.counts[l.start]
	if l.n >= len(counts) {
		counts = append(counts, make([]uint16, l.n+1-len(counts))...)
	}
	counts[l.n]++
	c.counts[l.start] = counts
	c.total++
}

// missing says which of the lines of a start have not come.
func (c *tally) missing(s start, last int) []int {
	var missing []int
	counts := c.counts[s]
	for n := 1; n <= last; n++ {
		if n >= len(counts) || counts[n] == 0 {
			missing = append(missing, n)
		}
	}
	return missing
}

// repeated is how many lines of some starts came more often than once.
func (c *tally) repeated(starts map[start]int) (repeated int, example string) {
	for s := range starts {
		for n, count := range c.counts[s] {
			if count > 1 {
				repeated++
				example = fmt.Sprintf("%d of %+v came %d times", n, s, count)
			}
		}
	}
	return repeated, example
}

// written reads what the writers have noted on the disk: the last line of each start.
func (r *rig) written(t *testing.T, runs ...string) map[start]int {
	entries, err := os.ReadDir(r.Path("/var/lib/written"))
	require.NoError(t, err)
	all := map[start]int{}
	for _, entry := range entries {
		// <pod uid>.<container>.<start>
		parts := strings.Split(entry.Name(), ".")
		if parts[2] == "starts" {
			continue
		}
		s, run, last := start{uid: parts[0], container: parts[1]}, "", 0
		_, err := fmt.Sscan(parts[2], &s.attempt)
		require.NoError(t, err)
		// Not Sscan, which reads a number that begins with 0 by another base.
		_, err = fmt.Sscanf(readFile(t, r.Path("/var/lib/written/"+entry.Name())), "%s %d", &run, &last)
		require.NoError(t, err, entry.Name())
		if len(runs) == 0 || slices.Contains(runs, run) {
			all[s] = last
		}
	}
	return all
}

// delivered waits until all lines that the writers of some runs, or of all, have written so far are in the sink, once, with what
// has to be known of them.
func (r *rig) delivered(t *testing.T, runs ...string) {
	t.Helper()
	written := r.written(t, runs...)
	r.arrived(t, written)
	repeated, example := r.tally.repeated(written)
	require.Zero(t, repeated, "lines came twice, such as %s", example)
}

// arrived waits until lines are in the sink, at least once.
func (r *rig) arrived(t *testing.T, written map[start]int) {
	t.Helper()
	lost := map[start][]int{}
	waitUntil(settleTimeout, func() bool {
		r.tally.update(t)
		clear(lost)
		for s, last := range written {
			if missing := r.tally.missing(s, last); len(missing) > 0 {
				lost[s] = missing
			}
		}
		return len(lost) == 0
	})
	for s, missing := range lost {
		t.Errorf("%d of %d lines are lost, from %d to %d: %+v", len(missing), written[s], missing[0], missing[len(missing)-1], s)
	}
	require.Empty(t, r.tally.wrong[:min(3, len(r.tally.wrong))], "%d lines are wrong", len(r.tally.wrong))
	require.False(t, t.Failed(), "lines are lost")
	sum := 0
	for _, last := range written {
		sum += last
	}
	t.Logf("%d lines of %d starts arrived; %d in all", sum, len(written), r.tally.total)
}

// waitUntil looks every 200 ms, which reads files, whether cond holds, until the timeout is over.
func waitUntil(timeout time.Duration, cond func() bool) bool {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for !cond() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}
