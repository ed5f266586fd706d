// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLedgerSeesEveryKindOfHarm(t *testing.T) {
	type figures struct{ lost, again, wrong, excused int }
	of := func(id, from, to int) arrivals { return arrivals{id, span{from, to}} }
	for name, tt := range map[string]struct {
		take  []arrivals
		spoil func(l *ledger)
		want  figures
		says  string
	}{
		"nothing happens":         {take: []arrivals{of(1, 0, 60), of(2, 0, 50), of(1, 60, 100)}},
		"batches overtake others": {take: []arrivals{of(1, 60, 100), of(2, 0, 50), of(1, 0, 60)}},
		"a line is lost":          {take: []arrivals{of(1, 0, 60), of(1, 61, 100), of(2, 0, 50)}, want: figures{lost: 1}, says: "lines 60 to 60 of the 100 of container 1"},
		"the last line is lost":   {take: []arrivals{of(1, 0, 100), of(2, 0, 49)}, want: figures{lost: 1}, says: "lines 49 to 49 of the 50 of container 2"},
		"a container is lost":     {take: []arrivals{of(1, 0, 100)}, want: figures{lost: 50}, says: "lines 0 to 49 of the 50 of container 2"},
		"a line comes twice":      {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(2, 7, 8)}, want: figures{again: 1}},
		"a batch comes twice":     {take: []arrivals{of(1, 0, 60), of(1, 40, 100), of(2, 0, 50)}, want: figures{again: 20}},
		"a line comes three times, and one is lost": {
			take: []arrivals{of(1, 0, 99), of(1, 5, 6), of(1, 5, 6), of(2, 0, 50)}, want: figures{lost: 1, again: 2}, says: "lines 99 to 99",
		},
		"a line comes that nobody wrote":   {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(2, 50, 51)}, want: figures{wrong: 1}, says: "lines 50 to 50 of container 2"},
		"lines of a container that is not": {take: []arrivals{of(1, 0, 100), of(2, 0, 50), of(3, 0, 1)}, want: figures{wrong: 1}, says: "of container 3"},
		"a line is changed": {
			take: []arrivals{of(1, 0, 60), of(1, 61, 100), of(2, 0, 50)}, spoil: func(l *ledger) { l.wrongly(errors.New("corrupted: x")) },
			want: figures{lost: 1, wrong: 1}, says: "corrupted: x",
		},
		"lines nobody could deliver": {take: []arrivals{of(1, 0, 60), of(2, 0, 50)}, spoil: func(l *ledger) {
			_ = l.remove(1, 90)
			l.excuse()
		}, want: figures{lost: 10, excused: 30}, says: "lines 90 to 99"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			l.wrote(1, 100, 0)
			l.wrote(2, 50, 0)
			for _, a := range tt.take {
				require.NoError(t, l.take([]arrivals{a}))
			}
			if tt.spoil != nil {
				tt.spoil(l)
			}
			written, arrived, again, wrong := l.sum()
			assert.Equal(t, 150, written)
			assert.Equal(t, tt.want, figures{written - arrived, again, wrong, l.Excused})
			says := strings.Join(slices.Concat(l.lost(), l.Harm), "\n")
			assert.Contains(t, says, tt.says)
			assert.Equal(t, tt.says == "", says == "", says)
		})
	}
}

func TestTheLedgerIsNotTakenWithoutItsJournal(t *testing.T) {
	l := newLedger()
	l.wrote(1, 100, 0)
	l.journal = failing{}
	require.Error(t, l.take([]arrivals{{1, span{0, 10}}}))
	_, arrived, _, _ := l.sum()
	assert.Zero(t, arrived, "the sender comes again")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestTheLedgerComesBackFromItsJournal(t *testing.T) {
	l, journal := newLedger(), &strings.Builder{}
	l.journal = journal
	l.wrote(1, 100, 0)
	require.NoError(t, l.take([]arrivals{{1, span{0, 10}}, {1, span{20, 30}}}))
	require.NoError(t, l.take([]arrivals{{1, span{5, 15}}}))
	l.wrote(2, 7, 0)
	require.NoError(t, l.close(2))
	require.NoError(t, l.remove(1, 30))
	l.AtRisk[0].At = time.Time{}

	again := newLedger()
	require.NoError(t, again.replay(strings.NewReader(journal.String()+"arrived 1 50 6")))
	again.wrote(1, 100, 0)
	assert.Equal(t, l.ledgerState, again.ledgerState)
	assert.Error(t, newLedger().replay(strings.NewReader("arrived 1 x 10\n")))
}

func TestTheLedgerTellsHowFarBehindItIs(t *testing.T) {
	l, at := newLedger(), time.Now()
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	for n := range 4 {
		l.wrote(1, 10*(n+1), 0)
		l.tick(second(n))
	}
	assert.Equal(t, 4*time.Second, l.behind(second(4)))
	require.NoError(t, l.take([]arrivals{{1, span{0, 15}}}))
	assert.Equal(t, 3*time.Second, l.behind(second(4)), "the first ten have arrived")
	require.NoError(t, l.take([]arrivals{{1, span{16, 40}}}))
	assert.Equal(t, 3*time.Second, l.behind(second(4)), "one is missing")
	require.NoError(t, l.take([]arrivals{{1, span{15, 16}}}))
	assert.Zero(t, l.behind(second(4)))
}
