// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// sn is the label that Loki adds to every stream that has no name for its service.
const sn = `service_name="unknown_service"`

// ignoredText is an ingester's text that lists ten of the entries which are too far
// behind, a minute apart.
func ignoredText(total, of int) string {
	var text strings.Builder
	for i := range min(total, 10) {
		at := time.Date(2026, 11, 23, 13, i, 17, 5, time.UTC)
		fmt.Fprintf(&text, "entry with timestamp %s ignored, reason: 'entry too far behind, entry timestamp is: %s, "+
			"oldest acceptable timestamp is: 2026-11-23T13:54:17Z',\n", at, at.Format(time.RFC3339))
	}
	fmt.Fprintf(&text, "user 'fake', total ignored: %d out of %d for stream: {%s, test=\"t20\"}\n", total, of, sn)
	return text.String()
}

func TestWhatARefusalSays(t *testing.T) {
	labels16 := `{l00="v", l01="v", l02="v", l03="v", l04="v", l05="v", l06="v", l07="v", l08="v", l09="v", l10="v", l11="v", l12="v", l13="v", l14="v", l15="v", ` + sn + `, test="t30"}`
	const behindAt = 1795441997784408203
	listed, _, _ := strings.Cut(behindText, "user ")
	for _, tt := range []struct {
		name, text string
		want       refusal
	}{
		{
			name: "a line",
			text: `max entry size '262144' bytes exceeded for stream '{` + sn + `, test="t2"}' while adding an entry with length '262145' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 1},
		},
		{
			name: "a line, an older Loki",
			text: `Max entry size '262144' bytes exceeded for stream '{test="t2"}' while adding an entry with length '262145' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 1},
		},
		{
			name: "two lines alike",
			text: `2 errors like: max entry size '262144' bytes exceeded for stream '{` + sn + `, test="t4"}' while adding an entry with length '262145' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 2},
		},
		{
			name: "three lines of different lengths",
			text: `1 errors like: max entry size '262144' bytes exceeded for stream '{a="1", ` + sn + `, test="t5"}' while adding an entry with length '262145' bytes; ` +
				`1 errors like: max entry size '262144' bytes exceeded for stream '{a="2", ` + sn + `, test="t5"}' while adding an entry with length '262146' bytes; ` +
				`1 errors like: max entry size '262144' bytes exceeded for stream '{a="3", ` + sn + `, test="t5"}' while adding an entry with length '262147' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 3},
		},
		{
			name: "three reasons",
			text: `2 errors like: entry for stream '{` + sn + `, test="t29"}' has timestamp too old: 2026-11-15T14:56:39Z, oldest acceptable timestamp is: 2026-11-16T14:56:40Z; ` +
				`1 errors like: entry for stream '{` + sn + `, test="t29"}' has timestamp too new: 2026-11-23T15:56:39Z; ` +
				`1 errors like: max entry size '262144' bytes exceeded for stream '{` + sn + `, test="t29"}' while adding an entry with length '262145' bytes`,
			want: refusal{reason: "greater_than_max_sample_age", count: 4},
		},
		{
			name: "a stream and an entry",
			text: `1 errors like: entry for stream '` + labels16 + `' has 16 label names; limit 15; ` +
				`1 errors like: entry for stream '{` + sn + `, test="t30"}' has timestamp too old: 2026-11-15T14:56:39Z, oldest acceptable timestamp is: 2026-11-16T14:56:40Z`,
			want: refusal{reason: "max_label_names_per_series", ofStream: true, count: 2},
		},
		{
			name: "too old",
			text: `entry for stream '{` + sn + `, test="t14"}' has timestamp too old: 2026-11-15T14:54:17Z, oldest acceptable timestamp is: 2026-11-16T14:54:28Z`,
			want: refusal{reason: "greater_than_max_sample_age", alone: true, count: 1},
		},
		{
			name: "too new",
			text: `entry for stream '{` + sn + `, test="t17"}' has timestamp too new: 2026-11-23T15:05:17Z`,
			want: refusal{reason: "too_far_in_future", alone: true, count: 1},
		},
		{
			name: "too many labels",
			text: `entry for stream '` + labels16 + `' has 16 label names; limit 15`,
			want: refusal{reason: "max_label_names_per_series", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a label's name",
			text: `stream '{nnn="v", ` + sn + `}' has label name too long: 'nnn'`,
			want: refusal{reason: "label_name_too_long", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a label's value",
			text: `stream '{n="vvv", ` + sn + `}' has label value too long: 'vvv'`,
			want: refusal{reason: "label_value_too_long", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a label twice",
			text: `stream '{a="1", a="2", ` + sn + `, test="t13"}' has duplicate label name: 'a'`,
			want: refusal{reason: "duplicate_label_names", alone: true, ofStream: true, count: 1},
		},
		{
			name: "too many pairs of metadata",
			text: `stream '{` + sn + `, test="t26"}' has too many structured metadata labels: '129', limit: '128'. Please see ` +
				"`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
			want: refusal{reason: "structured_metadata_too_many", alone: true, count: 1},
		},
		{
			name: "too much metadata",
			text: `stream '{` + sn + `, test="t28"}' has structured metadata too large: '65537' bytes, limit: '65536' bytes. Please see ` +
				"`limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
			want: refusal{reason: "structured_metadata_too_large", alone: true, count: 1},
		},
		{
			name: "any metadata",
			text: `stream '{` + sn + `}' includes structured metadata, but this feature is disallowed. Please see ` +
				"`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it",
			want: refusal{reason: "disallowed_structured_metadata", alone: true, count: 1},
		},
		{
			name: "no labels",
			text: "error at least one label pair is required per stream",
			want: refusal{reason: "missing_labels", alone: true, ofStream: true, count: 1},
		},
		{
			name: "labels that an administrator requires",
			text: `missing required labels 'team' for user 'fake' for stream '{a="b"}' (policy: '')`,
			want: refusal{reason: "missing_enforced_labels", alone: true, ofStream: true, count: 1},
		},
		{
			name: "labels that cannot be parsed",
			text: `error parsing labels '{a=b}' with error: 1:4: parse error: unexpected identifier "b" in label set, expected string`,
			want: refusal{reason: "invalid_labels", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a request with labels that cannot be parsed",
			text: "couldn't parse labels: 1:15: parse error: unexpected character inside braces: '.'",
			want: refusal{reason: "invalid_labels", alone: true, ofStream: true, count: 1},
		},

		{
			name: "one entry too far behind",
			text: behindText,
			want: refusal{reason: "too_far_behind", alone: true, count: 1, times: map[int64]int{behindAt: 1}, seen: 2},
		},
		{
			name: "two of one time",
			text: strings.Replace(listed+behindText, "ignored: 1 out of 2", "ignored: 2 out of 2", 1),
			want: refusal{reason: "too_far_behind", alone: true, count: 2, times: map[int64]int{behindAt: 2}, seen: 2},
		},
		{
			name: "fifteen too far behind, of which ten are listed",
			text: ignoredText(15, 16),
			want: refusal{reason: "too_far_behind", alone: true, count: 10, seen: 16},
		},
		{
			name: "out of order, where Loki insists on it",
			text: strings.Replace(behindText, "entry too far behind, entry timestamp is: 2026-11-23T13:53:17Z, oldest acceptable timestamp is: 2026-11-23T13:54:17Z", "entry out of order", 1),
			want: refusal{reason: "out_of_order", alone: true, count: 1, times: map[int64]int{behindAt: 1}, seen: 2},
		},
		{
			name: "an entry over the rate may pass later, one too far behind may not",
			text: streamRateEntry + strings.Replace(behindText, "1 out of 2", "2 out of 2", 1),
			want: refusal{reason: "too_far_behind", alone: true, count: 1, seen: 2},
		},
		{
			name: "only entries over the rate are listed",
			text: strings.Repeat(streamRateEntry, 10) + streamRateEnd,
			want: refusal{alone: true, seen: 12},
		},

		{
			name: "a label value with Loki's words in an entry's text",
			text: `max entry size '1' bytes exceeded for stream '{a="x' has timestamp too old: 9 errors like: total ignored: 7 out of 7 for stream: ", b="\"}' has 3 label names; limit 2"}' while adding an entry with length '2' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 1},
		},
		{
			name: "a label value with a group",
			text: `2 errors like: max entry size '1' bytes exceeded for stream '{a="; 90 errors like: stream '{}' has label value too long: "}' while adding an entry with length '2' bytes`,
			want: refusal{reason: "line_too_long", alone: true, count: 2},
		},
		{
			name: "a label value with escapes before the quote",
			text: `entry for stream '{a="\\", b="\\\""}' has timestamp too new: 2026-11-23T15:05:17Z`,
			want: refusal{reason: "too_far_in_future", alone: true, count: 1},
		},
		{
			name: "a value too long, which is not quoted, with a list of entries",
			text: `stream '{a="v"}' has label value too long: 'v` + "\n" + behindText + `'`,
			want: refusal{reason: "label_value_too_long", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a value too long, which is not quoted, with a group",
			text: `stream '{a="v"}' has label value too long: 'v; 900 errors like: max entry size '1' bytes exceeded for stream '{}' '`,
			want: refusal{reason: "label_value_too_long", alone: true, ofStream: true, count: 1},
		},
		{
			name: "a label value in an ingester's text",
			text: strings.Replace(behindText, `test="t18"`, `test="total ignored: 2 out of 2 for stream: "`, 1),
			want: refusal{reason: "too_far_behind", alone: true, count: 1, times: map[int64]int{behindAt: 1}, seen: 2},
		},
		{
			name: "groups of which one is unknown",
			text: `1 errors like: something new; 1 errors like: entry for stream '{a="b"}' has timestamp too new: 2026-11-23T15:05:17Z`,
			want: refusal{count: 2},
		},
		{
			name: "a count that no request has",
			text: `99999999999999999999 errors like: entry for stream '{a="b"}' has timestamp too new: 2026-11-23T15:05:17Z`,
			want: refusal{alone: true, count: 1},
		},
		{name: "nothing", text: "", want: refusal{alone: true, count: 1}},
		{name: "a page", text: "<html>max entry size '1' bytes exceeded for stream '{}'</html>", want: refusal{alone: true, count: 1}},
		{name: "another tenant", text: "multiple org IDs present", want: refusal{alone: true, count: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, readRefusal(tt.text))
			assert.Equal(t, tt.want, readRefusal(tt.text+"\n"), "with the line break")
		})
	}
}

func FuzzReadRefusal(f *testing.F) {
	f.Add(behindText)
	f.Add(ignoredText(15, 16))
	f.Add(streamRateEntry + streamRateEnd)
	f.Add(`2 errors like: entry for stream '{a="b"}' has timestamp too old: 2026-11-15T14:56:39Z; 1 errors like: x`)
	f.Fuzz(func(t *testing.T, text string) {
		r := readRefusal(text)
		sum := 0
		for _, n := range r.times {
			sum += n
		}
		assert.GreaterOrEqual(t, r.count, 0)
		assert.True(t, r.times == nil || sum == r.count)
		// What stands in the quotes of a label does not change the meaning.
		quotedText := fmt.Sprintf(`max entry size '1' bytes exceeded for stream '{a=%q}' while adding an entry with length '2' bytes`, text)
		assert.Equal(t, refusal{reason: "line_too_long", alone: true, count: 1}, readRefusal(quotedText))
	})
}
