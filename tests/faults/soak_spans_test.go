// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// span is the lines From to To-1 of a container.
type span struct{ From, To int }

func (s span) lines() int { return s.To - s.From }

// spans is a set of lines: spans in their order that do not touch. What has arrived from a healthy container is one span, and
// a few more while batches overtake each other, however many lines there are.
type spans []span

// add returns the set with a span, and how many lines of the span it had already.
func (s spans) add(more span) (all spans, again int) {
	from, _ := slices.BinarySearchFunc(s, more.From, func(one span, at int) int { return cmp.Compare(one.To, at) })
	to := from
	joined := more
	for ; to < len(s) && s[to].From <= more.To; to++ {
		again += min(more.To, s[to].To) - max(more.From, s[to].From)
		joined = span{min(joined.From, s[to].From), max(joined.To, s[to].To)}
	}
	return slices.Replace(s, from, to, joined), again
}

// missing is what of a span is not in the set.
func (s spans) missing(of span) (gaps []span) {
	for _, one := range s {
		if one.To <= of.From {
			continue
		}
		if one.From >= of.To {
			break
		}
		if one.From > of.From {
			gaps = append(gaps, span{of.From, one.From})
		}
		of.From = one.To
	}
	if of.From < of.To {
		gaps = append(gaps, of)
	}
	return gaps
}

// start is the number of lines before the first that is missing.
func (s spans) start() int {
	if len(s) == 0 || s[0].From > 0 {
		return 0
	}
	return s[0].To
}

func TestSpansAreASet(t *testing.T) {
	var s spans
	for _, step := range []struct {
		more  span
		again int
		want  spans
	}{
		{span{10, 20}, 0, spans{{10, 20}}},
		{span{30, 40}, 0, spans{{10, 20}, {30, 40}}},
		{span{0, 5}, 0, spans{{0, 5}, {10, 20}, {30, 40}}},
		{span{5, 6}, 0, spans{{0, 6}, {10, 20}, {30, 40}}},
		{span{12, 15}, 3, spans{{0, 6}, {10, 20}, {30, 40}}},
		{span{18, 32}, 4, spans{{0, 6}, {10, 40}}},
		{span{6, 10}, 0, spans{{0, 40}}},
		{span{0, 50}, 40, spans{{0, 50}}},
	} {
		var again int
		s, again = s.add(step.more)
		assert.Equal(t, step.again, again, "%v", step.more)
		assert.Equal(t, step.want, s, "%v", step.more)
	}
	s = spans{{0, 6}, {10, 20}, {30, 40}}
	assert.Equal(t, 6, s.start())
	assert.Zero(t, s[1:].start())
	assert.Equal(t, []span{{6, 10}, {20, 30}, {40, 45}}, s.missing(span{0, 45}))
	assert.Equal(t, []span{{7, 8}}, s.missing(span{7, 8}))
	assert.Equal(t, []span{{20, 25}}, s.missing(span{12, 25}))
	assert.Empty(t, s.missing(span{0, 6}))
	assert.Empty(t, s.missing(span{30, 40}))
}
