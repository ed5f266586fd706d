// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

// naive decides about an entry as the words of the filter say.
func naive(f Filter, fields []journaltest.Field) bool {
	switch f := f.(type) {
	case Condition:
		for _, field := range fields {
			if field.Name == f.Name && f.Test(field.Value) {
				return true
			}
		}
		return false
	case And:
		for _, part := range f {
			if !naive(part, fields) {
				return false
			}
		}
		return true
	case Or:
		for _, part := range f {
			if naive(part, fields) {
				return true
			}
		}
		return false
	case Not:
		return !naive(f.Filter, fields)
	}
	return true
}

func randomFilter(random *rand.Rand, depth int) Filter {
	kind := random.IntN(5)
	if depth == 0 {
		kind = 0
	}
	parts := func() (list []Filter) {
		for range random.IntN(4) {
			list = append(list, randomFilter(random, depth-1))
		}
		return list
	}
	switch kind {
	case 1:
		return And(parts())
	case 2:
		return Or(parts())
	case 3:
		return Not{randomFilter(random, depth-1)}
	}
	return Has("F"+strconv.Itoa(random.IntN(4)), strconv.Itoa(random.IntN(3)))
}

// Whatever is stored once, packed, or there several times, an entry is wanted exactly if
// the filter wants it. Trees of more than 64 conditions are among them.
func TestFiltersDecideAsTheirWordsSay(t *testing.T) {
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 2))
		d := newDisk(t)
		f := d.create(system("system"), 1)
		var all [][]journaltest.Field
		for n := range 30 {
			fields := []journaltest.Field{{Name: "MESSAGE", Value: strconv.Itoa(n)}}
			for range random.IntN(5) {
				fields = append(fields, journaltest.Field{Name: "F" + strconv.Itoa(random.IntN(4)), Value: strconv.Itoa(random.IntN(3))})
			}
			f.Append(journaltest.Entry{Fields: fields})
			all = append(all, fields)
		}
		filter := randomFilter(random, 5)
		if seed%3 == 0 {
			many := Or{filter}
			for range 40 {
				many = append(many, And{randomFilter(random, 1), randomFilter(random, 1)})
			}
			filter = many
		}
		var want []string
		for _, fields := range all {
			if naive(filter, fields) {
				want = append(want, fields[0].Value)
			}
		}
		d.options.Filter = filter
		r := d.open()
		require.Equal(t, want, messages(t, r), "seed %d", seed)
		assert.EqualValues(t, len(all), r.Stats().Entries+r.Stats().Filtered)
		assert.EqualValues(t, 30, r.Position().Seqnum, "what is not wanted is passed")
		require.NoError(t, r.Close()) // A user may have 128 inotify instances.
	}
}

func TestAConditionIsTriedOnceForAStoredValue(t *testing.T) {
	d := newDisk(t)
	numbered(d.create(system("system"), 1), upTo(1, 50)...)
	tries := 0
	d.options.Filter = Condition{"UNIT", func(string) bool { tries++; return true }}
	assert.Len(t, messages(t, d.open()), 50)
	assert.Equal(t, 1, tries)
}

func TestEntriesOfOtherBootsAreNotRead(t *testing.T) {
	d := newDisk(t)
	f := d.create(system("system"), 1)
	for n := 1; n <= 4; n++ {
		e := at(n, n)
		e.BootID = id(byte(n / 3))
		if e.BootID == (ID{}) {
			e.BootID = id(9)
		}
		f.Append(e)
	}
	d.options.BootID = id(1)
	r := d.open()
	assert.Equal(t, texts(3, 4), messages(t, r))
	assert.EqualValues(t, 2, r.Stats().Filtered)
}
