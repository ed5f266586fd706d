// SPDX-License-Identifier: Apache-2.0

// Package shrink deletes from maps so that they give back their room. A map of Go keeps
// the room of the largest size that it ever had; on a node, a burst of jobs may have made
// it a hundred times as large as it is needed afterwards.
package shrink

// few is how many keys too many are not worth a new map.
const few = 64

// Peak is how large a map has been since it was made. The zero value belongs to an empty map.
type Peak int

// Delete removes a key. When the map has lost three quarters of what it has held at most, a
// new one takes its place. A loop over the map goes on over the old one.
func Delete[K comparable, V any](m *map[K]V, key K, peak *Peak) {
	*peak = max(*peak, Peak(len(*m)))
	delete(*m, key)
	if int(*peak) <= few+4*len(*m) {
		return
	}
	smaller := make(map[K]V, len(*m))
	for k, v := range *m {
		smaller[k] = v
	}
	*m, *peak = smaller, Peak(len(smaller))
}

// Clear removes all keys.
func Clear[K comparable, V any](m *map[K]V) {
	if len(*m) > few {
		*m = map[K]V{}
		return
	}
	clear(*m)
}
