// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// version is a state in which everything has the same number, so that a mix of two
// states shows.
func version(n int) map[string]string {
	if n == 0 {
		return map[string]string{}
	}
	value := fmt.Sprintf("offset %d", n)
	return map[string]string{"a": value, "b": value, fmt.Sprintf("only %d", n): value}
}

// records are those of a snapshot with this content.
func records(content map[string]string) (all []*record) {
	for _, key := range slices.Sorted(maps.Keys(content)) {
		all = append(all, &record{key, []byte(content[key])})
	}
	return all
}

// store makes the state of a client the one with a number.
func store(c storage.Client, n int) error {
	var ops []*storage.Operation
	for key := range version(n - 1) {
		ops = append(ops, storage.DeleteOperation(key))
	}
	for key, value := range version(n) {
		ops = append(ops, storage.SetOperation(key, []byte(value)))
	}
	return c.Batch(context.Background(), ops...)
}

// diskWith has the first n versions, the last one as the newest snapshot.
func diskWith(t *testing.T, n int) *fakeDisk {
	d := newFakeDisk()
	c := openOn(t, d)
	for i := range n {
		require.NoError(t, store(c, i+1))
	}
	d.steps = nil
	return d
}

// The steps of a write, in this order: content before the name, the name before the
// answer.
func TestAWriteIsSixSteps(t *testing.T) {
	d := diskWith(t, 2)
	require.NoError(t, store(openOn(t, d), 3))
	assert.Equal(t, []string{"create", "write", "sync file", "close", "rename", "sync folder"}, d.steps)
}

// A crash at any step, of the process or of the machine, leaves the state before the
// write or the one after it, and the latter once the caller was told so.
func TestACrashAtAnyStepOfAWriteLeavesOneState(t *testing.T) {
	const steps = 6
	for before := range 4 {
		for failAt := 1; failAt <= steps+1; failAt++ {
			for _, torn := range []int{0, 1, 40, 1 << 20} {
				d := diskWith(t, before)
				d.failAt, d.crash, d.torn = failAt, true, torn
				c := openOn(t, d)
				err := store(c, before+1)
				require.Equal(t, failAt > steps, err == nil)

				allowed := []map[string]string{version(before), version(before + 1)}
				if err == nil {
					allowed = allowed[1:]
				}
				for n, left := range append(d.powerCuts(), d.killed()) {
					again := openOn(t, left)
					require.Contains(t, allowed, content(t, again), "%d states before, crash at step %d, disk %d", before, failAt, n)
					// What comes next wins over everything that the crash left.
					require.NoError(t, again.Set(t.Context(), "next", nil))
					require.Contains(t, content(t, openOn(t, left.killed())), "next")
				}
			}
		}
	}
}

// A write that is cut short anywhere, with all that it wrote on the disk.
func TestATornWriteLeavesTheStateBefore(t *testing.T) {
	whole := len(diskWith(t, 3).names[file+".a"].data)
	for torn := range whole + 1 {
		d := diskWith(t, 2)
		d.failAt, d.crash, d.torn = 2, true, torn
		require.ErrorIs(t, store(openOn(t, d), 3), errInjected)
		require.Equal(t, version(2), content(t, openOn(t, d.killed())), "cut at %d", torn)

		// A file system that renames before it writes would leave this.
		d = diskWith(t, 3)
		data := d.names[file+".a"].data
		d.put(file+".a", data[:torn])
		want := version(2)
		if torn == whole {
			want = version(3)
		}
		require.Equal(t, want, content(t, openOn(t, d)), "cut at %d", torn)
	}
}

// Crash after crash, each on the disk that the one before left.
func TestCrashesInARow(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		d, told, tried := newFakeDisk(), 0, 0
		for range 20 {
			c := openOn(t, d)
			now := -1
			for n := told; n <= tried; n++ {
				if assert.ObjectsAreEqual(version(n), content(t, c)) {
					now = n
				}
			}
			require.GreaterOrEqual(t, now, 0, "seed %d: %v is none of the states %d to %d", seed, content(t, c), told, tried)
			told, tried = now, now
			d.steps, d.crash, d.torn, d.failAt = nil, true, random.IntN(200), 1+random.IntN(20)
			for err := error(nil); err == nil; {
				tried++
				if err = store(c, tried); err == nil {
					told = tried
				}
			}
			left := append(d.powerCuts(), d.killed())
			d = left[random.IntN(len(left))]
		}
	}
}
