// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var begin = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func TestTheLowerLimitHolds(t *testing.T) {
	for name, c := range map[string]struct{ one, other, want int64 }{
		"none and none":      {0, 0, 0},
		"one of them":        {7, 0, 7},
		"the other of them":  {0, 7, 7},
		"the lower":          {3, 7, 3},
		"never a higher one": {7, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			one := Limit{LinesPerSecond: c.one, BytesPerSecond: c.one, Burst: time.Second, Policy: Drop}
			other := Limit{LinesPerSecond: c.other, BytesPerSecond: c.other, Burst: time.Hour}
			assert.Equal(t, Limit{LinesPerSecond: c.want, BytesPerSecond: c.want, Burst: time.Second, Policy: Drop}, one.Lower(other))
			assert.Equal(t, c.want == 0, one.Lower(other).None())
		})
	}
}

// model is a level in exact numbers.
type model struct{ rate, most, left *big.Rat }

func newModel(perSecond int64, burst time.Duration) *model {
	most := big.NewRat(perSecond*int64(burst), int64(time.Second))
	if most.Cmp(big.NewRat(1, 1)) < 0 {
		most.SetInt64(1)
	}
	return &model{rate: big.NewRat(perSecond, int64(time.Second)), most: most, left: new(big.Rat).Set(most)}
}

func (m *model) pass(d time.Duration) {
	m.left.Add(m.left, new(big.Rat).Mul(m.rate, big.NewRat(int64(d), 1)))
	if m.left.Cmp(m.most) > 0 {
		m.left.Set(m.most)
	}
}

func (m *model) take(n int64) { m.left.Sub(m.left, big.NewRat(n, 1)) }

func (m *model) float() float64 {
	f, _ := m.left.Float64()
	return f
}

// Whatever is taken and whenever, a bucket has what an exact one has.
func TestABucketIsLikeItsModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		limit := Limit{LinesPerSecond: 1 + random.Int64N(1000), BytesPerSecond: 1 + random.Int64N(1<<24), Burst: time.Duration(1+random.IntN(5000)) * time.Millisecond}
		lines, bytes := newModel(limit.LinesPerSecond, limit.Burst), newModel(limit.BytesPerSecond, limit.Burst)
		b, now := NewBucket(limit, begin), begin
		for range 300 {
			passed := time.Duration(random.Int64N(int64(time.Second)))
			now = now.Add(passed)
			b.refill(now)
			lines.pass(passed)
			bytes.pass(passed)
			require.InDelta(t, lines.float(), b.lines.left, 1e-3, "seed %d", seed)
			require.InDelta(t, bytes.float(), b.bytes.left, 1e-3, "seed %d", seed)
			if b.allows() {
				n, m := random.Int64N(50), random.Int64N(1<<20)
				b.charge(float64(n), float64(m))
				lines.take(n)
				bytes.take(m)
			}
		}
	}
}

// In no time more is taken than the burst, what the rate allows in it, and one overdraft.
func TestNoMoreIsTakenThanAllowed(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		limit := Limit{BytesPerSecond: 1000 + random.Int64N(1<<20), Burst: 2 * time.Second}
		b, now := NewBucket(limit, begin), begin
		p := &place{}
		type taking struct {
			at time.Time
			n  float64
		}
		var all []taking
		for len(all) < 100 {
			_, share, until := b.share(p, now)
			if !until.IsZero() {
				require.True(t, until.After(now))
				// Not earlier than said.
				_, _, again := b.share(p, until.Add(-time.Millisecond))
				require.False(t, again.IsZero(), "seed %d", seed)
				now = until.Add(time.Duration(random.Int64N(int64(100 * time.Millisecond))))
				_, _, again = b.share(p, now)
				require.True(t, again.IsZero(), "seed %d: what was promised is there", seed)
				continue
			}
			n := share * (0.5 + random.Float64())
			b.charge(0, n)
			all = append(all, taking{now, n})
		}
		for i := range all {
			sum, largest := 0.0, 0.0
			for j := i; j < len(all); j++ {
				sum += all[j].n
				largest = max(largest, all[j].n)
				passed := all[j].at.Sub(all[i].at).Seconds()
				require.LessOrEqual(t, sum, float64(limit.BytesPerSecond)*(limit.Burst.Seconds()+passed)+largest, "seed %d", seed)
			}
		}
	}
}

func TestALimitThatChangesForgetsNoDebt(t *testing.T) {
	b := NewBucket(Limit{LinesPerSecond: 10, Burst: time.Second}, begin)
	b.charge(30, 1<<20)
	b.Set(Limit{LinesPerSecond: 5, BytesPerSecond: 100, Burst: 2 * time.Second}, begin)
	assert.InDelta(t, -20, b.lines.left, 0)
	assert.InDelta(t, 200, b.bytes.left, 0, "there was no limit of bytes")
	b.refill(begin.Add(4 * time.Second))
	assert.InDelta(t, 0, b.lines.left, 1e-9)
	b.Set(Limit{BytesPerSecond: 100, Burst: 2 * time.Second}, begin.Add(4*time.Second))
	assert.True(t, b.allows(), "there is no limit of lines any more")
}

func TestAClockThatGoesBackAddsNothing(t *testing.T) {
	b := NewBucket(Limit{LinesPerSecond: 10, Burst: time.Second}, begin)
	b.charge(10, 0)
	b.refill(begin.Add(-time.Hour))
	assert.InDelta(t, 0, b.lines.left, 0)
	b.refill(begin.Add(-time.Hour + time.Second/2))
	assert.InDelta(t, 5, b.lines.left, 1e-9, "time goes on from there")
}
