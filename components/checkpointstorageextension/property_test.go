// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// The storage is a map, whatever is done to it: operations in any order, failing
// writes, crashes and damage between them.
func TestTheStorageIsAMap(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	for seed := range rounds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 2))
			d := newFakeDisk()
			client := openOn(t, d)
			// model is what a client sees; sure is what the disk has for sure, and
			// earlier the state one write before.
			model, sure, earlier := map[string]string{}, map[string]string{}, map[string]string{}
			saved := func() {
				if slices.Contains(d.steps, "sync folder") {
					sure, earlier = maps.Clone(model), sure
				}
			}
			for range 60 {
				d.steps, d.failAt = nil, 0
				switch random.IntN(8) {
				case 0:
					d = d.killed()
					client = openOn(t, d)
					require.Equal(t, sure, content(t, client))
					model = maps.Clone(sure)
				case 1:
					require.NoError(t, client.Close(t.Context()))
					saved()
					client = openOn(t, d)
					require.Equal(t, model, content(t, client))
				case 2:
					// The newest snapshot is damaged, and the write before counts.
					require.NoError(t, client.Close(t.Context()))
					saved()
					newest := client.slots.file(1 - client.slots.next)
					if f := d.names[newest]; f != nil {
						d.put(newest, flipped(f.data, random.IntN(len(f.data)), 1+byte(random.IntN(255))))
						model, sure, earlier = maps.Clone(earlier), earlier, map[string]string{}
					}
					client = openOn(t, d)
					require.Equal(t, model, content(t, client))
				default:
					ops, want := someOperations(random, model)
					// The steps before the rename: after it, the disk may have either.
					if random.IntN(4) == 0 {
						d.failAt, d.torn = 1+random.IntN(5), random.IntN(50)
					}
					err := client.Batch(t.Context(), ops...)
					saved()
					require.Equal(t, slices.Contains(d.steps, "create") && !slices.Contains(d.steps, "sync folder"), err != nil)
					for i, value := range want {
						require.Equal(t, value, ops[i].Value)
					}
				}
				require.Equal(t, model, content(t, client))
			}
		})
	}
}

// someOperations does random operations on a map, and returns them with the values
// that the reading ones among them see.
func someOperations(random *rand.Rand, model map[string]string) (ops []*storage.Operation, want map[int][]byte) {
	want = map[int][]byte{}
	for i := range random.IntN(6) {
		key := fmt.Sprint("key ", random.IntN(8))
		switch random.IntN(3) {
		case 0:
			ops = append(ops, storage.GetOperation(key))
			want[i] = nil
			if value, ok := model[key]; ok {
				want[i] = []byte(value)
			}
		case 1:
			ops = append(ops, storage.DeleteOperation(key))
			delete(model, key)
		default:
			value := fmt.Sprint(random.IntN(3))
			ops = append(ops, storage.SetOperation(key, []byte(value)))
			model[key] = value
		}
	}
	return ops, want
}
