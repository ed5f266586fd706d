// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const burst = 2 * time.Second

var noisy = Owner{Namespace: "shop", Pod: "noisy", UID: "1"}

func TestAnAccountWithoutLimitsIsNotLimited(t *testing.T) {
	l := NewLimits(Limit{Burst: burst}, Limit{Burst: burst})
	a := l.Open(noisy, Limit{}, begin)
	assert.False(t, a.Limited())
	assert.Zero(t, l.Buckets())
	n, until := a.Grant(begin, 1000, 1)
	assert.Equal(t, int64(1000), n)
	assert.Zero(t, until)
	_, ok := a.Admit(1 << 30)
	assert.True(t, ok)
}

func TestGrants(t *testing.T) {
	for name, c := range map[string]struct {
		pod, namespace Limit
		most, least    int64
		want           int64
	}{
		"all of it, when there is so much":          {pod: Limit{BytesPerSecond: 1000}, most: 1500, least: 1, want: 1500},
		"no more than there is":                     {pod: Limit{BytesPerSecond: 1000}, most: 5000, least: 1, want: 2000},
		"as many as so many lines may have":         {pod: Limit{LinesPerSecond: 10}, most: 1 << 20, least: 1, want: 20 * firstMean},
		"the lower of both":                         {pod: Limit{BytesPerSecond: 1000}, namespace: Limit{BytesPerSecond: 300}, most: 5000, least: 1, want: 600},
		"a line that is longer than the burst":      {pod: Limit{BytesPerSecond: 1000}, most: 50_000, least: 40_000, want: 40_000},
		"a line at least, however low the limit":    {pod: Limit{BytesPerSecond: 1}, most: 5000, least: 1, want: firstMean},
		"all of it, when what is above is given up": {pod: Limit{BytesPerSecond: 1, Policy: Drop}, most: 5000, least: 1, want: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			c.pod.Burst, c.namespace.Burst = burst, burst
			a := NewLimits(c.pod, c.namespace).Open(noisy, Limit{}, begin)
			n, until := a.Grant(begin, c.most, c.least)
			assert.Equal(t, c.want, n)
			assert.Zero(t, until)
		})
	}
}

func TestWhatWasOverdrawnIsWaitedFor(t *testing.T) {
	a := NewLimits(Limit{LinesPerSecond: 10, Burst: burst}, Limit{}).Open(noisy, Limit{}, begin)
	for range 25 {
		_, ok := a.Admit(100)
		require.True(t, ok, "a limit that pauses gives nothing up")
	}
	n, until := a.Grant(begin, 1<<20, 1)
	assert.Zero(t, n)
	assert.Equal(t, 600*time.Millisecond, until.Sub(begin).Round(time.Microsecond), "five lines of debt, and one more")
	n, _ = a.Grant(until, 1<<20, 1)
	assert.Equal(t, int64(100), n, "lines are as long as those before")
}

func TestLinesAboveTheLimitAreGivenUp(t *testing.T) {
	l := NewLimits(Limit{LinesPerSecond: 10, Policy: Drop, Burst: burst}, Limit{BytesPerSecond: 500, Policy: Drop, Burst: burst})
	a, b := l.Open(noisy, Limit{}, begin), l.Open(Owner{Namespace: "shop", Pod: "other"}, Limit{}, begin)
	admit := func(a *Account, n, bytes int) (ok int, scope Scope) {
		for range n {
			s, admitted := a.Admit(bytes)
			if admitted {
				ok++
			} else {
				scope = s
			}
		}
		return ok, scope
	}
	a.Begin(begin)
	ok, scope := admit(a, 100, 10)
	assert.Equal(t, 20, ok)
	assert.Equal(t, Pod, scope)
	ok, scope = admit(b, 100, 300)
	assert.Equal(t, 3, ok, "800 bytes are left, and the last line overdraws")
	assert.Equal(t, Namespace, scope)
	a.Begin(begin.Add(time.Second))
	ok, _ = admit(a, 100, 10)
	assert.Equal(t, 10, ok)
	assert.Equal(t, "pod namespace", Pod.String()+" "+Namespace.String())
}

func TestTheLimitOfOnePodIsLowered(t *testing.T) {
	l := NewLimits(Limit{LinesPerSecond: 100, Burst: burst}, Limit{})
	a, other := l.Open(noisy, Limit{}, begin), l.Open(Owner{Namespace: "shop", Pod: "other"}, Limit{}, begin)
	l.Lower(a, Limit{LinesPerSecond: 10}, begin)
	assert.Equal(t, int64(10), a.buckets[Pod].limit.LinesPerSecond)
	assert.Equal(t, int64(100), other.buckets[Pod].limit.LinesPerSecond)
	l.Lower(a, Limit{LinesPerSecond: 1000}, begin)
	assert.Equal(t, int64(100), a.buckets[Pod].limit.LinesPerSecond, "it is never raised")

	none := NewLimits(Limit{Burst: burst}, Limit{})
	a = none.Open(noisy, Limit{}, begin)
	none.Lower(a, Limit{BytesPerSecond: 5}, begin)
	assert.True(t, a.Limited())
	none.Lower(a, Limit{}, begin)
	assert.False(t, a.Limited())
	assert.Zero(t, none.Buckets())
}

func TestBucketsGoWithTheirPods(t *testing.T) {
	l := NewLimits(Limit{LinesPerSecond: 1, Burst: burst}, Limit{LinesPerSecond: 1, Burst: burst})
	var open []*Account
	for i := range 100 {
		owner := Owner{Namespace: "shop", Pod: "web", UID: string(rune('a' + i/2))}
		open = append(open, l.Open(owner, Limit{}, begin))
	}
	assert.Equal(t, 50+1, l.Buckets(), "two containers for each pod, and one namespace")
	assert.Same(t, open[0].buckets[Pod], open[1].buckets[Pod])
	for i, a := range open {
		a.Grant(begin, 1, 1)
		if i%2 == 0 {
			l.Close(a)
		}
	}
	assert.Equal(t, 50+1, l.Buckets())
	for _, a := range open {
		l.Close(a) // Twice is no harm.
	}
	assert.Zero(t, l.Buckets())
}

// Those that always have more to read get the same, in whatever order they ask, and all of
// the rate. Who asks more often gets a fifth more at most.
func TestNobodyStarves(t *testing.T) {
	for name, limit := range map[string]Limit{
		"bytes":         {BytesPerSecond: 50_000, Burst: burst},
		"lines":         {LinesPerSecond: 500, Burst: burst},
		"few lines":     {LinesPerSecond: 5, Burst: burst},
		"a short burst": {LinesPerSecond: 50, Burst: 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			const members, lineBytes, duration = 7, 100, 1000 * time.Second
			random := rand.New(rand.NewPCG(1, 2))
			l := NewLimits(Limit{}, limit)
			var all []*Account
			for i := range members {
				all = append(all, l.Open(Owner{Namespace: "shop", Pod: string(rune('a' + i))}, Limit{}, begin))
			}
			due, got := make([]time.Time, members), make([]float64, members)
			for now := begin; now.Sub(begin) < duration; now = now.Add(50 * time.Millisecond) {
				// The first one asks first, and as often as it likes; the others as they come.
				order := append([]int{0}, random.Perm(members)...)
				for _, i := range append(order, 0, 0) {
					if now.Before(due[i]) {
						continue
					}
					n, until := all[i].Grant(now, 256<<10, lineBytes)
					due[i] = until
					for ; n >= lineBytes; n -= lineBytes {
						all[i].Admit(lineBytes)
						got[i] += lineBytes
					}
				}
			}
			allowed := float64(limit.BytesPerSecond+limit.LinesPerSecond*lineBytes) * (duration + burst).Seconds()
			sum := 0.0
			for i := range got {
				sum += got[i]
				assert.InEpsilon(t, allowed/members, got[i], 0.2, "member %d", i)
			}
			assert.LessOrEqual(t, sum, allowed+members*lineBytes)
			assert.Greater(t, sum, 0.95*allowed)
		})
	}
}

func TestWhoDoesNotComeAgainIsForgotten(t *testing.T) {
	l := NewLimits(Limit{}, Limit{LinesPerSecond: 1, Burst: time.Second})
	gone, other := l.Open(noisy, Limit{}, begin), l.Open(Owner{Namespace: "shop", Pod: "other"}, Limit{}, begin)
	gone.Admit(100)
	_, until := gone.Grant(begin, 1000, 1)
	require.False(t, until.IsZero())
	_, until = other.Grant(until.Add(patience+time.Second), 1000, 1)
	assert.Zero(t, until, "the other one does not wait behind it")
}

// What a line costs, in a chunk of which lines are dropped and in one that waits.
func BenchmarkAdmit(b *testing.B) {
	for name, policy := range map[string]Policy{"drop": Drop, "pause": Pause} {
		b.Run(name, func(b *testing.B) {
			limit := Limit{LinesPerSecond: 1000, BytesPerSecond: 1 << 20, Burst: burst, Policy: policy}
			a := NewLimits(limit, limit).Open(noisy, Limit{}, begin)
			b.ReportAllocs()
			for b.Loop() {
				a.Admit(200)
			}
		})
	}
}

// What a chunk costs that has to wait among others.
func BenchmarkGrant(b *testing.B) {
	l := NewLimits(Limit{LinesPerSecond: 10, Burst: burst}, Limit{LinesPerSecond: 100, Burst: burst})
	all := make([]*Account, 20)
	for i := range all {
		all[i] = l.Open(Owner{Namespace: "shop", Pod: string(rune('a' + i))}, Limit{}, begin)
	}
	b.ReportAllocs()
	now := begin
	for i := 0; b.Loop(); i++ {
		now = now.Add(time.Millisecond)
		a := all[i%len(all)]
		if _, until := a.Grant(now, 256<<10, 1); until.IsZero() {
			a.Admit(200)
		}
	}
}
