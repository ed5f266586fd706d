// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A file grows by a byte each second and is delivered a fixed time later: that time is the age of what comes next, up to an
// eighth and two measurements more.
func TestTheAgeOfWhatIsNotDelivered(t *testing.T) {
	for _, late := range []time.Duration{time.Second, 10 * time.Second, 10 * time.Minute, 10 * time.Hour} {
		t.Run(late.String(), func(t *testing.T) {
			var g growth
			begin := time.Unix(1_000_000, 0)
			behind := begin
			for i := range int64(3*late/time.Second) + 100 {
				now := begin.Add(time.Duration(i) * time.Second)
				position := max(0, i-int64(late/time.Second))
				behind = g.since(position, behind)
				g.note(i, now)
				if position == 0 {
					assert.Equal(t, begin, behind, "nothing is delivered yet")
					continue
				}
				age := now.Sub(behind)
				if age < late || age > late+late/8+2*time.Second {
					t.Fatalf("after %s it is %s", now.Sub(begin), age)
				}
				assert.LessOrEqual(t, len(g.steps), maxSteps)
			}
		})
	}
}

// The time between steps grows with the backlog and shrinks again with it.
func TestTheAgeAfterABacklogIsDelivered(t *testing.T) {
	var g growth
	begin := time.Unix(1_000_000, 0)
	for i := range int64(10_000) {
		g.note(i, begin.Add(time.Duration(i)*time.Second))
	}
	now := begin.Add(10_000 * time.Second)
	behind := g.since(10_000, begin)
	for i := int64(10_001); i < 10_100; i++ {
		now = now.Add(time.Second)
		behind = g.since(i-1, behind)
		g.note(i, now)
	}
	assert.LessOrEqual(t, now.Sub(behind), 2*time.Second)
}

func TestAFileThatIsCutOffIsAsOldAsBefore(t *testing.T) {
	var g growth
	begin := time.Unix(1_000_000, 0)
	g.note(10, begin)
	g.note(20, begin.Add(time.Second))
	g.note(5, begin.Add(2*time.Second))
	assert.Equal(t, begin, g.since(4, begin))
	assert.Equal(t, begin.Add(2*time.Second), g.since(5, begin))
}
