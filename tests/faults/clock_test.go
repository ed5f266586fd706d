// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"math"
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// oddTimes writes lines and files with times that a wrong clock makes. A time that fits into the nanoseconds since 1970 is
// kept, also when it lies before that of the line above; another one is left out and counted. Nothing waits for it.
//
// What the collector waits for it measures with the monotonic clock, which does not jump (C5b): intervals are differences of
// values of time.Now. The clock of the wall decides only where it has to: on max_age, on a Retry-After that is a date, and on
// how old an entry may be for Loki.
func oddTimes(r *rig) {
	c := r.container("odd", load{bytes: 100})
	r.start()
	now := time.Now().UTC()
	for range times {
		for _, at := range []time.Time{
			time.Unix(0, 1), time.Unix(1, 0), now.AddDate(-10, 0, 0), now.Add(-time.Hour), now.Add(time.Hour), now.AddDate(10, 0, 0),
			time.Unix(0, math.MaxInt64),
		} {
			c.print(1)
			c.printAt(at.UTC())
		}
		for _, stamp := range []string{
			"1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "2262-04-11T23:47:16.854775808Z", "9999-12-31T23:59:59Z",
			"0001-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "292277026596-12-04T15:30:08Z", "2026-02-30T12:00:00Z",
			"2026-11-21T25:00:00Z", "2016-12-31T23:59:60Z", "2026-11-21T03:00:00", "2026-11-21T03:00:00+99:99",
			"2026-11-21T03:00:00." + strings.Repeat("9", 40) + "Z", "",
		} {
			c.print(1)
			c.any(func(m mark) string { return stamp + " stdout F " + seal(m, "", stamp) + "\n" })
		}
		r.await()
		for _, at := range []time.Time{time.Unix(0, 0), time.Unix(math.MaxUint32, 0), now.AddDate(-10, 0, 0)} {
			r.event("the file was last written in %d", at.Year())
			require.NoError(r.t, os.Chtimes(c.path(), at, at))
			c.print(3)
			require.NoError(r.t, os.Chtimes(c.path(), at, at))
			r.await()
			newRotator(c, 0).rotate()
			c.print(3)
		}
		r.event("restart")
		r.await()
		r.counted("bad_time")
		r.stop(exitLimit)
		c.print(3)
		require.NoError(r.t, os.Chtimes(c.path(), time.Unix(0, 0), time.Unix(0, 0)))
		r.start()
	}
	r.settle()
}

// printAt writes a line of another time.
func (c *container) printAt(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.oracle.expect(c.id, at, "stdout")
	c.writeCRI(at, "stdout", seal(m, "", " at an odd time"))
}
