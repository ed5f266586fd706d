// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// sentAt is a batch of lines of one container, at so many minutes each.
func sentAt(name string, minutes ...int64) lines {
	l := lines{origins: []*origin{{container: tail.Container{Name: name}}}}
	for _, m := range minutes {
		l.records = append(l.records, record{time: m * int64(time.Minute)})
	}
	return l
}

func TestBatchesThatAreFarApartInTimeFollowEachOther(t *testing.T) {
	for name, tt := range map[string]struct {
		before, then lines
		waits        bool
	}{
		"seconds apart":                           {sentAt("a", 100, 101), sentAt("a", 101, 102), false},
		"half an hour apart":                      {sentAt("a", 100), sentAt("a", 130), false},
		"more than that":                          {sentAt("a", 100), sentAt("a", 131), true},
		"the first of one, the last of the other": {sentAt("a", 100, 129), sentAt("a", 101, 140), true},
		"another container":                       {sentAt("a", 100), sentAt("b", 400), false},
		"older than what is on its way":           {sentAt("a", 400), sentAt("a", 100), false},
		"no times before":                         {sentAt("a", 0), sentAt("a", 400), false},
		"no times":                                {sentAt("a", 100), sentAt("a", 0), false},
		"the ends of time": {
			lines{origins: sentAt("a").origins, records: []record{{time: math.MinInt64}}},
			lines{origins: sentAt("a").origins, records: []record{{time: math.MaxInt64}}}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var o order
			var after []<-chan struct{}
			tt.before.flight, after = o.enter(tt.before)
			assert.Empty(t, after)
			tt.then.flight, after = o.enter(tt.then)
			assert.Len(t, after, map[bool]int{true: 1}[tt.waits])
			o.leave(tt.before)
			for _, turn := range after {
				<-turn
			}
			o.leave(tt.then)
			assert.Empty(t, o.flights, "batches that are on their way")
		})
	}
}

func TestABatchWaitsOnceForEachBeforeIt(t *testing.T) {
	var o order
	first, second := sentAt("a", 100), sentAt("a", 100)
	// Two files of one container, and one of another.
	second.origins = append(second.origins, first.origins[0], sentAt("b").origins[0])
	first.flight, _ = o.enter(first)
	second.flight, _ = o.enter(second)
	third := second
	third.records = sentAt("", 200).records
	_, after := o.enter(third)
	assert.Len(t, after, 2)
}
