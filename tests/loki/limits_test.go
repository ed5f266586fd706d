// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestDefaultLimits(t *testing.T) {
	l := SharedLoki(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"/config", http.NoBody)
	require.NoError(t, err)
	answer, err := l.do(request)
	require.NoError(t, err)
	var config map[string]map[string]any
	// Some settings are no sections; those are not asked for here.
	_ = yaml.Unmarshal([]byte(answer.Body), &config)
	for key, want := range map[string]any{
		"limits_config max_line_size":                            "256KB",
		"limits_config max_line_size_truncate":                   false,
		"limits_config max_label_names_per_series":               15,
		"limits_config max_label_name_length":                    1024,
		"limits_config max_label_value_length":                   2048,
		"limits_config max_structured_metadata_size":             "64KB",
		"limits_config max_structured_metadata_entries_count":    128,
		"limits_config reject_old_samples":                       true,
		"limits_config reject_old_samples_max_age":               "1w",
		"limits_config creation_grace_period":                    "10m",
		"limits_config ingestion_rate_mb":                        4,
		"limits_config ingestion_burst_size_mb":                  6,
		"limits_config per_stream_rate_limit":                    "3MB",
		"limits_config per_stream_rate_limit_burst":              "15MB",
		"limits_config max_global_streams_per_user":              5000,
		"limits_config unordered_writes":                         true,
		"limits_config increment_duplicate_timestamp":            false,
		"limits_config discover_log_levels":                      true,
		"limits_config block_ingestion_status_code":              260,
		"ingester max_chunk_age":                                 "2h0m0s",
		"ingester max_returned_stream_errors":                    10,
		"server grpc_server_max_recv_msg_size":                   4 << 20,
		"distributor max_recv_msg_size":                          100 << 20,
		"limits_config shard_streams map[desired_rate]":          "1536KB",
		"limits_config shard_streams map[enabled]":               true,
		"limits_config shard_streams map[time_sharding_enabled]": false,
		"limits_config discover_service_name []":                 "service, app, application, app_name, name, app_kubernetes_io_name, container, container_name, k8s_container_name, component, workload, job, k8s_job_name",
		"limits_config log_level_fields []":                      "level, LEVEL, Level, log.level, severity, SEVERITY, Severity, SeverityText, lvl, LVL, Lvl, severity_text, Severity_Text, SEVERITY_TEXT",
	} {
		fields := strings.Fields(key)
		got := config[fields[0]][fields[1]]
		switch list := got.(type) {
		case map[string]any:
			got = list[strings.TrimSuffix(strings.TrimPrefix(fields[2], "map["), "]")]
		case []any:
			got = strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
		}
		assert.EqualValues(t, want, got, key)
	}
}

func TestLimitsOfEntries(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	long := strings.Repeat("x", 256<<10)
	const app = `{app="a", service_name="a"}`
	const tooLong = `max entry size '262144' bytes exceeded for stream '` + app + `' while adding an entry with length '262145' bytes`
	const tooOld = `entry for stream '` + app + `' has timestamp too old: TIME, oldest acceptable timestamp is: TIME`
	const tooNew = `entry for stream '` + app + `' has timestamp too new: TIME`
	const tooMany = `stream '` + app + `' has too many structured metadata labels: '129', limit: '128'. Please see ` +
		"`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it"
	const tooLarge = `stream '` + app + `' has structured metadata too large: '65537' bytes, limit: '65536' bytes. Please see ` +
		"`limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it"
	one := func(entries ...StreamEntry) []Stream { return []Stream{stream(`{app="a"}`, entries...)} }
	check(t, l, []row{
		{"a line of 256 KiB", one(now.entry(long)), 204, nil, []string{long}},
		{"a longer line, beside a good one", one(now.entry(long+"x"), now.entry("good")), 400, []string{tooLong}, []string{"good"}},
		{"two longer lines are counted", one(now.entry(long+"x"), now.entry(long+"y")), 400, []string{"2 errors like: " + tooLong}, nil},
		{"two lines of different lengths are two reasons", one(now.entry(long+"x"), now.entry(long+"xx")), 400, []string{
			"1 errors like: " + tooLong, "1 errors like: " + strings.Replace(tooLong, "262145", "262146", 1)}, nil},
		{"bytes count, not characters", one(now.entry(strings.Repeat("é", 128<<10) + "x")), 400, []string{tooLong}, nil},

		{"128 pairs of metadata", one(now.entry("x", pairs(128, "v")...)), 204, nil, []string{"x"}},
		{"129 pairs of metadata, beside a good line", one(now.entry("x", pairs(129, "v")...), now.entry("good")), 400, []string{tooMany}, []string{"good"}},
		{"pairs that Loki would drop count too", one(now.entry("x", pairs(129, "")...)), 400, []string{tooMany}, nil},
		{"64 KiB of metadata", one(now.entry("x", "k", strings.Repeat("v", 64<<10-1))), 204, nil, []string{"x"}},
		{"a byte more, beside a good line", one(now.entry("x", "k", strings.Repeat("v", 64<<10)), now.entry("good")), 400, []string{tooLarge}, []string{"good"}},

		{"7 days old, less an hour", one(now.at(-7*day+time.Hour, "x")), 204, nil, []string{"x"}},
		{"8 days old, beside a good line", one(now.at(-8*day, "old"), now.entry("good")), 400, []string{tooOld}, []string{"good"}},
		{"no time at all", one(StreamEntry{Timestamp: time.Unix(0, 0), Line: "x"}), 400, []string{tooOld}, nil},
		{"9 minutes ahead", one(now.at(9*time.Minute, "x")), 204, nil, []string{"x"}},
		{"11 minutes ahead, beside a good line", one(now.at(11*time.Minute, "new"), now.entry("good")), 400, []string{tooNew}, []string{"good"}},
		{"2262 is ahead", one(StreamEntry{Timestamp: time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), Line: "x"}), 400, []string{tooNew}, nil},
		{"2263 has no nanoseconds of 64 bits and reads as old", one(StreamEntry{Timestamp: time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC), Line: "x"}), 400, []string{tooOld}, nil},
		{"a year of five digits fails the whole request", append(one(now.entry("good")), one(StreamEntry{Timestamp: time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC), Line: "x"})...), 400,
			[]string{"timestamp: &types.Timestamp{Seconds: 253433923200,\nNanos: 0,\n} after 10000-01-01"}, nil},

		{"only the first reason against an entry is told", one(now.at(-8*day, long+"x", pairs(129, "v")...)), 400, []string{tooOld}, nil},
		{"every reason in one request", one(now.at(-8*day, "old"), now.at(-8*day, "old too"), now.at(time.Hour, "new"), now.entry(long+"x"), now.entry("good")), 400,
			[]string{"2 errors like: " + tooOld, "1 errors like: " + tooNew, "1 errors like: " + tooLong}, []string{"good"}},
	})
}

func TestLimitsOfTheOrder(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	const behind = "entry with timestamp TIME ignored, reason: 'entry too far behind, entry timestamp is: TIME, oldest acceptable timestamp is: TIME',\n"
	total := func(tenant, counts, stream string) string {
		return fmt.Sprintf("user 'TestLimitsOfTheOrder-%s', total ignored: %s for stream: %s", tenant, counts, stream)
	}
	many := []StreamEntry{now.entry("newest")}
	for i := range 15 {
		many = append(many, now.at(-2*time.Hour+time.Duration(i)*time.Second, fmt.Sprint("behind ", i)))
	}
	check(t, l, []row{
		{"59 minutes behind the newest", []Stream{stream(`{app="a"}`, now.entry("newest"), now.at(-59*time.Minute, "behind"))}, 204, nil, []string{"behind", "newest"}},
		{"61 minutes", []Stream{stream(`{app="a"}`, now.entry("newest"), now.at(-61*time.Minute, "behind"))}, 400,
			[]string{behind + total("61-minutes", "1 out of 2", `{app="a", service_name="a"}`)}, []string{"newest"}},
		{"the other way round nothing is behind", []Stream{stream(`{app="a"}`, now.at(-5*day, "first"), now.entry("newest"))}, 204, nil, []string{"first", "newest"}},
		{"another stream has another newest", []Stream{stream(`{app="a"}`, now.entry("newest")), stream(`{app="b"}`, now.at(-day, "alone"))}, 204, nil, []string{"alone", "newest"}},
		{"ten are listed and all counted", []Stream{stream(`{app="a"}`, many...)}, 400,
			[]string{strings.Repeat(behind, 10) + total("ten-are-listed-and-all-counted", "15 out of 16", `{app="a", service_name="a"}`)}, []string{"newest"}},
		{"order within the hour is free", []Stream{stream(`{app="a"}`, now.entry("3"), now.at(-time.Minute, "2"), now.at(-2*time.Minute, "1"))}, 204, nil, []string{"1", "2", "3"}},
		{"equal times are kept in order, without the repetition", []Stream{stream(`{app="a"}`, now.entry("b"), now.entry("a"), now.entry("b"))}, 204, nil, []string{"b", "a"}},
		{"equal lines with other metadata are no repetition", []Stream{stream(`{app="a"}`, now.entry("a", "k", "1"), now.entry("a", "k", "2"))}, 204, nil, []string{"a", "a"}},
	})
	t.Run("a request may be repeated, also one that was refused in part", func(t *testing.T) {
		for range 3 {
			answer := l.PushStreams(t, "repeated", stream(`{app="a"}`, now.entry("a"), now.entry("b"), now.at(1, "c", "k", "v"), now.at(-8*day, "old")))
			assert.Equal(t, 400, answer.Status)
		}
		assert.Equal(t, []string{"a", "b", "c"}, lines(l.Query(t, "repeated", everything)))
	})
}

// pairs makes so many pairs of metadata with one value.
func pairs(count int, value string) []string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("k%03d", i), value)
	}
	return all
}
