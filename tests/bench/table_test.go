// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// cells returns the row of the table that begins with a title, split where there are two blanks.
func cells(text, title string) []string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, title) {
			var parts []string
			for part := range strings.SplitSeq(line, "  ") {
				if part = strings.TrimSpace(part); part != "" {
					parts = append(parts, part)
				}
			}
			return parts
		}
	}
	return nil
}

func TestTheTableSaysHowManyTimesBetter(t *testing.T) {
	var got table
	got.add("backlog", stock, "CPU-s/Mline", 23)
	for _, value := range []float64{9, 2, 1} {
		got.add("backlog", tributary, "CPU-s/Mline", value)
	}
	got.add("one-file", stock, "klines/CPU-s", 45)
	got.add("one-file", tributary, "klines/CPU-s", 450)
	got.add("backlog", toLoki, "CPU-s/Mline", 1.2)
	got.add("steady", stock, "%core", 29)
	text := got.String()
	for _, want := range [][]string{
		{"backlog, 10 files, to OTLP: CPU s / M lines", "23.0", "2.00", "×11.5", "≥ ×12.5 missed, ≤ 1.80 missed"},
		{"one file: thousand lines / CPU s", "45.0", "450", "×10.0", "–"},
		{"the same to Loki: CPU s / M lines", "–", "1.20", "–", "≤ 1.50 met"},
		{"100 files, 10,000 lines/s: % of a core", "29.0", "–", "–", "≥ ×11.0, ≤ 2.50"},
	} {
		assert.Equal(t, want, cells(text, want[0]))
	}
}

// One figure of three that is above a bound of memory is one too many. Of time the middle one counts, and what is
// beside it is shown.
func TestAFigureOfSeveralTurns(t *testing.T) {
	var got table
	for _, value := range []float64{2.4, 65, 2.1} {
		got.add("steady", stock, "%core", 10*value)
		got.add("steady", tributary, "%core", value)
		got.add("steady", tributary, "MB-peak-rss", value)
	}
	_, text, _ := strings.Cut(got.String(), "100 files, 10,000 lines/s")
	for _, want := range [][]string{
		{": % of a core", "24.0", "2.40", "×10.0", "≥ ×11.0 missed, ≤ 2.50 met"},
		{"  the least of the turns", "21.0", "2.10", "×10.0", "–"},
		{"  the most", "650", "65.0", "×10.0", "–"},
		{"  peak RSS, MB", "–", "65.0", "–", "≤ 64.0 missed"},
	} {
		title := want[0]
		want[0] = strings.TrimSpace(title)
		assert.Equal(t, want, cells(text, title))
	}
}

func TestATableIsCompleteWhenNoFigureIsMissing(t *testing.T) {
	var got table
	assert.True(t, got.empty())
	for _, r := range rows {
		assert.False(t, got.complete())
		if !r.noStock {
			got.add(r.workload, stock, r.metric, 2)
		}
		p := tributary
		if r.ours != "" {
			p = r.ours
		}
		got.add(r.workload, p, r.metric, 1)
		assert.False(t, got.empty())
	}
	assert.True(t, got.complete())
}

func TestTheMachineIsDescribed(t *testing.T) {
	assert.Contains(t, circumstances("/does/not/exist", 5), "binary    ?\nbacklog   5 records\n")
}
