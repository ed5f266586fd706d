// SPDX-License-Identifier: Apache-2.0

package journal

// stored is a field that entries share, as it is handed on.
type stored struct {
	key uint64
	Field
	// size is what the whole field takes.
	size int64
	// passed is which conditions it passes.
	passed set
}

func (s *stored) cost() int { return len(s.Value) + 128 }

const (
	// cacheSets times cacheWays fields are held at most, and of cacheBytes.
	cacheSets  = 8 << 10
	cacheWays  = 4
	cacheBytes = 8 << 20
)

// cache holds fields by where they stand. In a journal nine of ten fields of an entry
// are shared with others before.
type cache struct {
	sets  [cacheSets][cacheWays]*stored
	bytes int
	turn  uint32
}

// keyOf is of a file and an offset in it, which is a multiple of 8.
func keyOf(file uint32, at uint64) uint64 { return uint64(file)<<40 ^ at>>3 }

func (c *cache) ways(key uint64) *[cacheWays]*stored {
	return &c.sets[key*0x9e3779b97f4a7c15>>51] // Fibonacci hashing, for 13 set.
}

func (c *cache) get(key uint64) *stored {
	for _, s := range c.ways(key) {
		if s != nil && s.key == key {
			return s
		}
	}
	return nil
}

func (c *cache) put(s *stored) {
	if s.cost() > cacheBytes/16 {
		return
	}
	if c.bytes+s.cost() > cacheBytes {
		clear(c.sets[:])
		c.bytes = 0
	}
	set := c.ways(s.key)
	at := int(c.turn % cacheWays)
	for i, other := range set {
		if other == nil {
			at = i
			break
		}
	}
	c.turn++
	if set[at] != nil {
		c.bytes -= set[at].cost()
	}
	set[at] = s
	c.bytes += s.cost()
}
