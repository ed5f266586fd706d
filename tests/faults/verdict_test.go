// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// clock is how a failure shows moments, in UTC like the lines themselves.
const clock = "15:04:05.000"

// shown bounds each list of a failure.
const shown = 12

// lost says which lines are missing: one entry for each run of sequence numbers, with when they were written.
func (o *oracle) lost() []string {
	return o.runs("lost", func(l line) bool { return l.came == 0 && !l.excused }, func(first, last line) string {
		return fmt.Sprintf("written %s to %s", first.at.Format(clock), last.at.Format(clock))
	})
}

// duplicated says which lines came more than once, and when.
func (o *oracle) duplicated() []string {
	return o.runs("duplicated", func(l line) bool { return l.came > 1 }, func(first, last line) string {
		return fmt.Sprintf("written %s to %s, came from %s, again until %s, up to %d times", first.at.Format(clock),
			last.at.Format(clock), first.first.Format(clock), last.last.Format(clock), max(first.came, last.came))
	})
}

// runs lists the runs of lines for which holds is true, container by container.
func (o *oracle) runs(what string, holds func(line) bool, details func(first, last line) string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []string
	for _, id := range slices.Sorted(maps.Keys(o.sources)) {
		s := o.sources[id]
		for from := 0; from < len(s.lines); from++ {
			if !holds(s.lines[from]) {
				continue
			}
			to := from
			for to+1 < len(s.lines) && holds(s.lines[to+1]) {
				to++
			}
			found = append(found, fmt.Sprintf("%s: %s %d to %d of %d (%d lines), %s", what, s.name, from, to, len(s.lines)-1,
				to-from+1, details(s.lines[from], s.lines[to])))
			from = to
		}
	}
	return found
}

func (o *oracle) wrongs() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.wrong)
}

// abridged joins the first entries of a list.
func abridged(list []string) string {
	text := strings.Join(list[:min(shown, len(list))], "\n  ")
	if more := len(list) - shown; more > 0 {
		text += fmt.Sprintf("\n  … and %d more", more)
	}
	return "  " + text
}

func TestTheOracleSeesEveryKindOfHarm(t *testing.T) {
	at := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	owner := arrival{namespace: "shop", pod: "web-0", container: "main"}
	arrive := func(m mark, after string) arrival {
		return arrival{body: seal(m, "", after), stamp: m.at, at: m.at, namespace: "shop", pod: "web-0", container: "main", stream: "stdout"}
	}
	for name, tt := range map[string]struct {
		spoil func(o *oracle, all []arrival) []arrival
		want  counts
		says  string
	}{
		"nothing happens":        {func(_ *oracle, all []arrival) []arrival { return all }, counts{}, ""},
		"a run of lines is lost": {func(_ *oracle, all []arrival) []arrival { return slices.Delete(all, 3, 6) }, counts{lost: 3}, "web 3 to 5 of 9 (3 lines), written 03:00:03.000 to 03:00:05.000"},
		"the last line is lost":  {func(_ *oracle, all []arrival) []arrival { return all[:9] }, counts{lost: 1}, "web 9 to 9 of 9 (1 lines)"},
		"a line that nobody could read is lost": {func(o *oracle, all []arrival) []arrival {
			o.excuse(1, at.Add(8*time.Second))
			return all[:9]
		}, counts{excused: 1}, ""},
		"a line comes twice":          {func(_ *oracle, all []arrival) []arrival { return append(all, all[9]) }, counts{duplicated: 1, dupBytes: markWidth + 1}, "web 9 to 9 of 9 (1 lines)"},
		"a line comes late":           {func(_ *oracle, all []arrival) []arrival { all[2], all[3] = all[3], all[2]; return all }, counts{reordered: 1}, ""},
		"a byte changes":              {func(_ *oracle, all []arrival) []arrival { all[1].body += "!"; return all }, counts{wrong: 1}, "corrupted: web 1"},
		"two lines become one":        {func(_ *oracle, all []arrival) []arrival { all[1].body += all[2].body; return slices.Delete(all, 2, 3) }, counts{lost: 1, wrong: 1}, "merged: web 1"},
		"a line gets another time":    {func(_ *oracle, all []arrival) []arrival { all[1].stamp = at; return all }, counts{wrong: 1}, "wrong time: web 1"},
		"a line gets another pod":     {func(_ *oracle, all []arrival) []arrival { all[1].pod = "web-1"; return all }, counts{wrong: 1}, "wrong owner: web 1"},
		"a line gets another stream":  {func(_ *oracle, all []arrival) []arrival { all[1].stream = "stderr"; return all }, counts{wrong: 1}, "wrong stream: web 1"},
		"a line comes out of nowhere": {func(_ *oracle, all []arrival) []arrival { return append(all, arrive(mark{id: 9, at: at}, "")) }, counts{wrong: 1}, "nobody wrote"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOracle()
			id := o.add("web", owner, 0)
			var all []arrival
			for i := range 10 {
				all = append(all, arrive(o.expect(id, at.Add(time.Duration(i)*time.Second), "stdout"), "x"))
			}
			for _, a := range tt.spoil(o, all) {
				o.take(a)
			}
			tt.want.written = 10
			assert.Equal(t, tt.want, o.counts())
			says := strings.Join(slices.Concat(o.lost(), o.duplicated(), o.wrongs()), "\n")
			assert.Contains(t, says, tt.says)
			assert.Equal(t, tt.says == "", says == "", says)
		})
	}
}
