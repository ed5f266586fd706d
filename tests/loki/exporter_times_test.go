// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestExporterFindsTimesThatLokiWouldRefuse(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	one := func(records ...record) []resource { return []resource{of("a", records...)} }
	checkExports(t, l, []exportRow{
		{"7 days old, less a minute", alloy, nil, one(now.record(-7*day+time.Minute, "x")), outcome{Lines: []string{"x"}}},
		{"8 days old, beside a good line", alloy, nil, one(now.record(-8*day, "old"), now.record(0, "good")), outcome{
			Lines: []string{"good"}, Letters: map[string][]string{"greater_than_max_sample_age": {"old"}}}},
		{"9 minutes ahead", alloy, nil, one(now.record(9*time.Minute, "x")), outcome{Lines: []string{"x"}}},
		{"11 minutes ahead, beside a good line", alloy, nil, one(now.record(11*time.Minute, "new"), now.record(0, "good")), outcome{
			Lines: []string{"good"}, Letters: map[string][]string{"too_far_in_future": {"new"}}}},
		{"good, too old and too new, in three streams of one batch", alloy, nil,
			[]resource{of("a", now.record(-8*day, "old")), of("b", now.record(0, "good")), of("c", now.record(time.Hour, "new"))}, outcome{
				Lines: []string{"good"}, Letters: map[string][]string{"greater_than_max_sample_age": {"old"}, "too_far_in_future": {"new"}}}},
		{"nothing but what is too old", alloy, nil, one(now.record(-8*day, "old")), outcome{
			Letters: map[string][]string{"greater_than_max_sample_age": {"old"}}}},
		{"a year for which there are no nanoseconds", alloy, nil, one(record{at: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), body: "2200"},
			record{at: time.Unix(0, 1), body: "1970"}, now.record(0, "good")), outcome{
			Lines: []string{"good"}, Letters: map[string][]string{"greater_than_max_sample_age": {"1970"}, "too_far_in_future": {"2200"}}}},
		{"no time at all is now", alloy, nil, one(record{at: time.Unix(0, 0), body: "x"}), outcome{Lines: []string{"x"}}},
	})
}

func TestExporterBehindTheNewestOfAStream(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	// Somebody else writes to the same stream.
	before := func(offset time.Duration) []Stream { return []Stream{stream(labelsOf("a"), now.at(offset, "newest"))} }
	behind := func(lines ...string) outcome {
		return outcome{Letters: map[string][]string{"too_far_behind": lines}, Statuses: []string{"400"}, Discarded: map[string]int{"too_far_behind": len(lines)}}
	}
	and := func(o outcome, lines ...string) outcome {
		o.Lines = lines
		return o
	}
	var many []record
	var manyLines []string
	for i := range 15 {
		many = append(many, now.record(-2*time.Hour+time.Duration(i)*time.Second, fmt.Sprintf("behind %02d", i)))
		manyLines = append(manyLines, fmt.Sprintf("behind %02d", i))
	}
	checkExports(t, l, []exportRow{
		{"59 minutes", alloy, before(0), []resource{of("a", now.record(-59*time.Minute, "behind"), now.record(1, "good"))}, outcome{Lines: []string{"behind", "newest", "good"}}},
		{"61 minutes, beside a good line", alloy, before(0), []resource{of("a", now.record(-61*time.Minute, "behind"), now.record(1, "good"))},
			and(behind("behind"), "newest", "good")},
		{"61 minutes, behind a good line", alloy, before(0), []resource{of("a", now.record(1, "good"), now.record(-61*time.Minute, "behind"))},
			and(behind("behind"), "newest", "good")},
		{"more than an answer lists", alloy, before(0), []resource{of("a", append(many, now.record(1, "good"))...)}, and(outcome{
			Letters: map[string][]string{"too_far_behind": manyLines}, Statuses: []string{"400"},
			// Loki counts an entry each time that it comes.
			Discarded: map[string]int{"too_far_behind": 15 + 8 + 7}}, "newest", "good")},
		{"two that are equal but for the line", alloy, before(0), []resource{of("a", now.record(-61*time.Minute, "1"), now.record(-61*time.Minute, "2"), now.record(1, "good"))},
			and(behind("1", "2"), "newest", "good")},
		{"nobody else is newer", alloy, nil, []resource{of("a", now.record(-5*day, "first"), now.record(0, "newest"))}, outcome{Lines: []string{"first", "newest"}}},
		{"the newest comes first in the batch", alloy, nil, []resource{of("a", now.record(0, "newest"), now.record(-5*day, "first"))}, outcome{Lines: []string{"first", "newest"}}},
		{"two pods share a stream and both come with a backlog", alloy, nil, []resource{
			pod("p1", now.record(-3*time.Hour, "1"), now.record(-2*time.Hour, "3"), now.record(0, "5")),
			pod("p2", now.record(-3*time.Hour+1, "2"), now.record(-2*time.Hour+1, "4"), now.record(1, "6"))}, outcome{Lines: strings.Split("123456", "")}},
		{"the clock of somebody else is ahead", alloy, before(9*time.Minute + 50*time.Second), []resource{
			of("a", now.record(-51*time.Minute, "behind"), now.record(-49*time.Minute, "good")), of("b", now.record(0, "other"))},
			and(behind("behind"), "good", "other", "newest")},
	})
}

func TestExporterSendsOnceMore(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	t.Run("the same batch three times is there once", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, alloy)
		for range 3 {
			e.send(t, logs(t, of("a", now.record(0, "a"), now.record(0, "b"), now.record(1, "c", attrs{"k": "v"})), of("b", now.record(2, "a"))))
		}
		assert.Equal(t, outcome{Lines: []string{"a", "b", "c", "a"}}.normal(), e.outcome(t, tenant))
		assert.Equal(t, 12, e.delivered(t))
	})
	t.Run("a, b, a at one time is a, b", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, alloy)
		e.send(t, logs(t, of("a", now.record(0, "a"), now.record(0, "b"), now.record(0, "a"))))
		assert.Equal(t, outcome{Lines: []string{"a", "b"}}.normal(), e.outcome(t, tenant))
	})
	t.Run("equal lines at one time are told apart by their metadata", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, alloy)
		e.send(t, logs(t, of("a", now.record(0, "a", attrs{"log.iostream": "stdout"}), now.record(0, "a", attrs{"log.iostream": "stderr"}))))
		assert.Equal(t, outcome{Lines: []string{"a", "a"}}.normal(), e.outcome(t, tenant))
	})
}
