// SPDX-License-Identifier: Apache-2.0

package shrink

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMapHoldsWhatAnyMapWould(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	m, want := map[int]int{}, map[int]int{}
	var peak Peak
	for range 200 {
		for range random.IntN(2000) {
			key := random.IntN(3000)
			m[key], want[key] = key, key
		}
		for range random.IntN(4000) {
			key := random.IntN(3000)
			Delete(&m, key, &peak)
			delete(want, key)
		}
		require.True(t, maps.Equal(want, m))
		require.LessOrEqual(t, len(m), int(max(peak, Peak(len(m)))))
	}
}

func TestDeletingWhileLooping(t *testing.T) {
	m := map[int]int{}
	for i := range 1000 {
		m[i] = i
	}
	var peak Peak
	seen := 0
	for key := range m {
		seen++
		Delete(&m, key, &peak)
	}
	assert.Equal(t, 1000, seen)
	assert.Empty(t, m)
}

func TestTheRoomIsGivenBack(t *testing.T) {
	const many = 100_000
	inUse := func() uint64 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	for name, empty := range map[string]func(m *map[int][4]int){
		"by deleting each key": func(m *map[int][4]int) {
			var peak Peak
			for i := 1; i < many; i++ {
				Delete(m, i, &peak)
			}
		},
		"by clearing": func(m *map[int][4]int) { Clear(m); (*m)[0] = [4]int{} },
	} {
		t.Run(name, func(t *testing.T) {
			before := inUse()
			m := map[int][4]int{}
			for i := range many {
				m[i] = [4]int{i}
			}
			require.Greater(t, inUse(), before+many*40)
			empty(&m)
			assert.Less(t, inUse(), before+100_000)
			assert.Len(t, m, 1)
		})
	}
}

func TestASmallMapStays(t *testing.T) {
	m := map[int]int{}
	for i := range few {
		m[i] = i
	}
	same := m
	var peak Peak
	for i := range few {
		Delete(&m, i, &peak)
	}
	same[1] = 1
	assert.Len(t, m, 1, "a new one is not worth it")
}
