// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMarkersAreFoundInAnyBytes(t *testing.T) {
	raw := append([]byte("\x0a\xffsq_"), appendMarker([]byte("sq_x sq_12"), 99999, 12_345_678)...)
	raw = append(raw, "0 sq_00001-00000002 sq_000a1_00000002 "...)
	raw = appendMarker(raw, 3, 4)
	raw = append(raw, "sq_00001_0000000"...)
	var found [][2]int
	eachMarker(raw, func(file, record int) { found = append(found, [2]int{file, record}) })
	assert.Equal(t, [][2]int{{99999, 12_345_678}, {3, 4}}, found)
}

func TestWhatArrivedIsComparedWithWhatWasWritten(t *testing.T) {
	type marker struct{ file, record int }
	var all []marker
	for file, count := range []int{130, 0, 64} {
		for record := range count {
			all = append(all, marker{file, record})
		}
	}
	for name, test := range map[string]struct {
		arrived []marker
		want    tally
	}{
		"all":                                 {all, tally{}},
		"nothing":                             {nil, tally{Missing: 194}},
		"the last one of a file is missing":   {all[:193], tally{Missing: 1}},
		"one in the middle is missing":        {append(append([]marker{}, all[:70]...), all[71:]...), tally{Missing: 1}},
		"one came twice, another three times": {append(append([]marker{}, all...), all[5], all[9], all[9]), tally{Duplicates: 3}},
		"one after the last one":              {append(append([]marker{}, all...), marker{0, 130}), tally{Strange: 1}},
		"one of a file that nobody wrote":     {append(append([]marker{}, all...), marker{7, 0}), tally{Strange: 1}},
		"one in the place of another":         {append(append([]marker{}, all[1:]...), all[1]), tally{Missing: 1, Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var m markers
			for _, a := range test.arrived {
				m.add(a.file, a.record)
			}
			assert.Equal(t, test.want, m.compare([]int{130, 0, 64}))
		})
	}
}
