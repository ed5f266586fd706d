// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestLabelsThatAreTooMany(t *testing.T) {
	resource := attrs{"service.name": "s"}
	for i := range 20 {
		resource[fmt.Sprintf("l%02d", i)] = "v"
	}
	entries, e := stored(t, "labels: {profile: none, resource_attributes: ['*'], attributes: [level]}\nexternal_labels: {cluster: c, l19: outer}",
		logsOf(t, resource, rec{body: "x", attrs: attrs{"level": "info"}}))
	require.Len(t, entries, 1)
	assert.Len(t, entries[0].Labels, 16, "15 and service_name")
	for _, name := range []string{"cluster", "level", "l19", "service_name"} {
		assert.Contains(t, entries[0].Labels, name, "there is always room for these")
	}
	assert.Len(t, metadataOf(entries[0]), 7, "the others are metadata")
	for name := range metadataOf(entries[0]) {
		assert.NotContains(t, entries[0].Labels, name)
	}
	assert.Equal(t, 7, e.sum(t, "altered_log_records", "reason", "max_label_names_per_series"))
	e.assertCounts(t, 1, nil)
}

func TestHintedLabelsThatAreTooMany(t *testing.T) {
	record := attrs{}
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("l%02d", i))
		record[names[i]] = "v"
	}
	record["loki.attribute.labels"] = strings.Join(names, ",")
	entries, e := stored(t, "labels: {profile: alloy}\nexternal_labels: {cluster: c, l03: outer}",
		logsOf(t, attrs{"service.name": "s", "k8s.namespace.name": "n"}, rec{body: "x", attrs: record}))
	require.Len(t, entries, 1)
	assert.Len(t, entries[0].Labels, 16)
	assert.Equal(t, "v", entries[0].Labels["l03"], "the entry's own wins")
	assert.Len(t, metadataOf(entries[0]), 9)
	assert.Equal(t, 9, e.sum(t, "altered_log_records", "reason", "max_label_names_per_series"))
}

func TestLabelValuesThatAreTooLong(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	entries, e := stored(t, "labels: {profile: none, resource_attributes: [r], attributes: [a], templates: {t: '{r}{r}'}}",
		logsOf(t, attrs{"r": long}, rec{body: "x", attrs: attrs{"a": "b" + long, "loki.attribute.labels": "h", "h": long}}, rec{body: "y", attrs: attrs{"a": "b" + long}}))
	require.Len(t, entries, 2)
	slices.SortFunc(entries, func(a, b lokifake.Entry) int { return strings.Compare(a.Line, b.Line) })
	for i, entry := range entries {
		assert.Equal(t, strings.Repeat("ä", 1024), entry.Labels["r"], "2048 bytes")
		assert.Equal(t, "b"+strings.Repeat("ä", 1023), entry.Labels["a"], "no half characters")
		assert.Equal(t, strings.Repeat("ä", 1024), entry.Labels["t"])
		assert.Equal(t, long, entry.Meta("r"), "the whole value is metadata")
		if i == 1 {
			assert.Equal(t, "b"+long, entry.Meta("a"))
		}
	}
	assert.Equal(t, 5, e.sum(t, "altered_log_records", "reason", "label_value_too_long"))
}

func TestMetadataThatIsTooMuch(t *testing.T) {
	many := func(n int, size int) attrs {
		a := attrs{}
		for i := range n {
			a[fmt.Sprintf("m%03d", i)] = strings.Repeat("v", size)
		}
		return a
	}
	for _, tt := range []struct {
		name             string
		resource, record attrs
		limits           string
		pairs, size      int
		reason           string
		altered          int
	}{
		{name: "128 pairs", record: many(128, 1), pairs: 128},
		{name: "129 pairs", record: many(129, 1), pairs: 128, reason: "structured_metadata_too_many", altered: 1},
		{name: "129 pairs of the resource", resource: many(129, 1), record: attrs{"x": "y"}, pairs: 128, reason: "structured_metadata_too_many", altered: 2},
		{name: "129 pairs together", resource: many(100, 1), record: attrs{"a": "1", "b": map[string]any(many(28, 1))}, pairs: 128, reason: "structured_metadata_too_many", altered: 1},
		{name: "129 pairs in a map", record: attrs{"a": map[string]any(many(129, 1))}, pairs: 128, reason: "structured_metadata_too_many", altered: 1},
		{name: "64 KiB", record: attrs{"m": strings.Repeat("v", 65535)}, pairs: 1},
		{name: "a byte more", record: attrs{"m": strings.Repeat("v", 65536)}, pairs: 0, reason: "structured_metadata_too_large", altered: 1},
		{name: "a byte more, with what the resource has", resource: attrs{"r": strings.Repeat("v", 65000)}, record: attrs{"m": strings.Repeat("v", 535)}, pairs: 1, reason: "structured_metadata_too_large", altered: 1},
		{name: "what fits beside it", record: attrs{"m": strings.Repeat("v", 65536), "n": "w"}, pairs: 1, reason: "structured_metadata_too_large", altered: 1},
		{name: "no limit here", limits: "limits: {max_metadata_pairs: 0, max_metadata_bytes: 0}", record: many(100, 650), pairs: 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, e := stored(t, "labels: {profile: none}\n"+tt.limits, logsOf(t, tt.resource, rec{body: "x", attrs: tt.record}))
			require.Len(t, entries, 1)
			assert.Len(t, entries[0].Metadata, tt.pairs)
			assert.Equal(t, tt.altered, e.sum(t, "altered_log_records"))
			if tt.reason != "" {
				assert.Equal(t, tt.altered, e.sum(t, "altered_log_records", "reason", tt.reason))
			}
			e.assertCounts(t, 1, nil)
		})
	}
}

func TestAttributesOfOneName(t *testing.T) {
	entries, e := stored(t, "labels: {profile: none}", logsOf(t, nil, rec{body: "x", attrs: attrs{"a.b": "1", "a_b": "1", "a-b": "1"}}))
	assert.Equal(t, texts{"a_b": "1"}, metadataOf(entries[0]))
	assert.Equal(t, 2, e.sum(t, "altered_log_records", "reason", "duplicate_structured_metadata"))
}

func TestLongLines(t *testing.T) {
	const limit = 256 << 10
	text := func(n int) string { return strings.Repeat("0123456789abcdef", n/16+1)[:n] }
	ascii, umlauts, broken := text(2*limit+10), "a"+strings.Repeat("ä", limit), strings.Repeat("\x80", limit+5)
	for _, tt := range []struct {
		name, yaml, line string
		want             []string
		altered, refused int
	}{
		{name: "as long as allowed", line: text(limit), want: []string{text(limit)}},
		{name: "split", line: ascii, want: []string{ascii[:limit], ascii[limit : 2*limit], ascii[2*limit:]}, altered: 1},
		{name: "split by a byte", line: text(limit + 1), want: []string{text(limit), text(limit + 1)[limit:]}, altered: 1},
		{name: "split between characters", line: umlauts, want: []string{umlauts[:limit-1], umlauts[limit-1 : 2*limit-1], umlauts[2*limit-1:]}, altered: 1},
		{name: "split where there are no characters", line: broken, want: []string{broken[:limit], broken[limit:]}, altered: 1},
		{name: "truncated", yaml: "limits: {long_lines: truncate}", line: ascii, want: []string{ascii[:limit]}, altered: 1},
		{name: "truncated between characters", yaml: "limits: {long_lines: truncate}", line: umlauts, want: []string{umlauts[:limit-1]}, altered: 1},
		{name: "refused", yaml: "limits: {long_lines: refuse}", line: ascii, refused: 1},
		{name: "split where less is allowed", yaml: "limits: {max_line_bytes: 1024}", line: text(2000), want: []string{text(1024), text(2000)[1024:]}, altered: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := time.Now()
			entries, e := stored(t, "labels: {profile: none}\n"+tt.yaml, logsOf(t, nil,
				rec{body: "before", at: at}, rec{body: tt.line, at: at, attrs: attrs{"a": "b"}}, rec{body: "after", at: at}))
			want := append([]string{"before"}, tt.want...)
			got := linesOf(entries)
			require.Len(t, got, len(want)+1)
			for i, line := range append(want, "after") {
				require.Zero(t, strings.Compare(line, got[i]), "line %d of %d bytes", i, len(got[i]))
				if i > 0 && i < len(want) {
					assert.Equal(t, at.Add(time.Duration(i-1)).UnixNano(), entries[i].Timestamp.UnixNano(), "a nanosecond apart")
					assert.Equal(t, "b", entries[i].Meta("a"), "with the metadata of the line")
				}
				if utf8.ValidString(tt.line) {
					assert.True(t, utf8.ValidString(got[i]))
				}
			}
			assert.Equal(t, tt.altered, e.sum(t, "altered_log_records", "reason", "line_too_long"))
			e.assertCounts(t, len(got), map[string]int{"line_too_long": tt.refused})
			if tt.refused > 0 {
				assert.Zero(t, strings.Compare(tt.line, e.letters(t)[0].Line), "the whole line is kept")
				assert.Equal(t, texts{"a": "b"}, e.letters(t)[0].Metadata)
			}
		})
	}
}

func TestTimesThatLokiRefuses(t *testing.T) {
	now := time.Now()
	bad := []rec{
		{body: "8 days old", at: now.Add(-8 * 24 * time.Hour)},
		{body: "a minute too old", at: now.Add(-7*24*time.Hour - time.Minute)},
		{body: "from 1970", at: time.Unix(0, 1)},
		{body: "11 minutes ahead", at: now.Add(11 * time.Minute)},
		{body: "from 2262", at: time.Unix(0, math.MaxInt64)},
	}
	good := []rec{
		{body: "almost too old", at: now.Add(-7*24*time.Hour + time.Minute)},
		{body: "now", at: now},
		{body: "almost too far ahead", at: now.Add(9 * time.Minute)},
	}
	records := []rec{good[0], bad[0], bad[1], good[1], bad[2], bad[3], good[2], bad[4]}
	entries, e := stored(t, "labels: {profile: none, resource_attributes: [a]}", logsOf(t, attrs{"a": "b"}, records...))
	assert.Equal(t, bodies(good), linesOf(entries), "the neighbours arrive")
	e.assertCounts(t, 3, map[string]int{"greater_than_max_sample_age": 3, "too_far_in_future": 2})
	assert.Equal(t, []string{"8 days old", "a minute too old", "from 1970"}, e.letterLines(t, "greater_than_max_sample_age"))
	assert.Equal(t, []string{"11 minutes ahead", "from 2262"}, e.letterLines(t, "too_far_in_future"))
	letter := e.letters(t)[0]
	assert.Equal(t, `{a="b"}`, letter.Labels)
	assert.Equal(t, bad[0].at.UnixNano(), letter.Timestamp.UnixNano())
	assert.Empty(t, letter.Answer, "it was not sent")
}

func TestTimes(t *testing.T) {
	now := time.Now()
	limits := defaultLimits()
	for _, tt := range []struct {
		name   string
		limits LimitsConfig
		nanos  int64
		want   string
	}{
		{"now", limits, now.UnixNano(), ""},
		{"a week old", limits, now.Add(-limits.MaxAge).UnixNano(), ""},
		{"a nanosecond more", limits, now.Add(-limits.MaxAge).UnixNano() - 1, reasonTooOld},
		{"10 minutes ahead", limits, now.Add(limits.MaxFuture).UnixNano(), ""},
		{"a nanosecond more", limits, now.Add(limits.MaxFuture).UnixNano() + 1, reasonTooNew},
		{"the first time there is", limits, math.MinInt64, reasonTooOld},
		{"the last time there is", limits, math.MaxInt64, reasonTooNew},
		{"no limit of age", LimitsConfig{MaxFuture: time.Minute}, math.MinInt64, ""},
		{"no limit ahead", LimitsConfig{MaxAge: time.Minute}, math.MaxInt64, ""},
		{"the longest limits, far back", LimitsConfig{MaxAge: math.MaxInt64, MaxFuture: math.MaxInt64}, 0, ""},
		{"the longest limits, far ahead", LimitsConfig{MaxAge: math.MaxInt64, MaxFuture: math.MaxInt64}, math.MaxInt64, ""},
	} {
		assert.Equal(t, tt.want, tt.limits.timeRefusal(tt.nanos, now), tt.name)
	}
}

func TestTimesOfRecordsWithoutOne(t *testing.T) {
	ld := logsOf(t, nil, rec{body: "none"}, rec{body: "observed"})
	records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	observed := time.Now().Add(-time.Minute)
	records.At(0).SetTimestamp(0)
	records.At(1).SetTimestamp(0)
	records.At(1).SetObservedTimestamp(timestamp(observed))
	before := time.Now()
	entries, _ := stored(t, "labels: {profile: none}", ld)
	assert.WithinRange(t, entries[0].Timestamp, before, time.Now())
	assert.Equal(t, observed.UnixNano(), entries[1].Timestamp.UnixNano())
}

func TestCuttingText(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"äöü", 5, "äö"},
		{"äöü", 4, "äö"},
		{"🚰🚰", 7, "🚰"},
		{"🚰🚰", 5, "🚰"},
		{"a\x80\x80\x80\x80\x80", 5, "a\x80\x80\x80\x80"},
		{"\x80\x80\x80", 1, "\x80"},
		{"ä", 1, "\xc3"},
	} {
		assert.Equal(t, tt.want, cutText(tt.text, tt.limit), "%q", tt.text)
	}
	seeds(t, 500, func(t *testing.T, r random) {
		text, limit := r.text(100), 4+r.IntN(20)
		valid := utf8.ValidString(text)
		var whole string
		for rest := text; rest != ""; {
			piece := cutText(rest, limit)
			require.NotEmpty(t, piece)
			require.LessOrEqual(t, len(piece), limit)
			require.Equal(t, valid, valid && utf8.ValidString(piece))
			whole += piece
			rest = rest[len(piece):]
		}
		require.Equal(t, text, whole)
	})
}
