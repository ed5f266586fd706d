// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limited starts a Loki whose tenants are named after what is different for them.
func limited(t *testing.T) *Loki {
	type limits = map[string]any
	until := "2100-01-01T00:00:00Z"
	return StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{
		"rate":        {"ingestion_rate_mb": 0.001, "ingestion_burst_size_mb": 0.001},
		"stream-rate": {"per_stream_rate_limit": "1KB", "per_stream_rate_limit_burst": "2KB"},
		// Of a slower rate nothing comes back while the test runs.
		"not-sharded":    {"per_stream_rate_limit": "1B", "per_stream_rate_limit_burst": "2KB", "shard_streams": limits{"enabled": false}},
		"one-stream":     {"max_global_streams_per_user": 1},
		"blocked":        {"block_ingestion_until": until},
		"blocked-as-429": {"block_ingestion_until": until, "block_ingestion_status_code": 429},
		"blocked-as-200": {"block_ingestion_until": until, "block_ingestion_status_code": 200},
		"no-metadata":    {"allow_structured_metadata": false},
		"no-service":     {"discover_service_name": []string{}},
		"truncating":     {"max_line_size_truncate": true},
		"enforcing":      {"enforced_labels": []string{"app", "team"}},
		"no-levels":      {"discover_log_levels": false},
		"old":            {"reject_old_samples": false},
		"moving":         {"increment_duplicate_timestamp": true},
	}})
}

func TestLimitsOfTenants(t *testing.T) {
	l := limited(t)
	now := clock(time.Now())
	text := strings.Repeat("x", 300)
	const app = `{app="a", service_name="a"}`
	rateLimited := func(rate, stream string) string {
		return "entry with timestamp TIME ignored, reason: 'Per stream rate limit exceeded (limit: " + rate + "/sec) while attempting to ingest for stream '" + stream +
			"' totaling 300B, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',\n"
	}
	twelve := func() (entries []StreamEntry) {
		for i := range 12 {
			entries = append(entries, now.at(time.Duration(i), text))
		}
		return entries
	}
	for _, c := range []struct {
		name, tenant string
		streams      []Stream
		status       int
		answers      []string
		stored       []string
	}{
		{"the rate of a tenant counts what is valid", "rate", []Stream{stream(`{app="a"}`, twelve()...), stream(`{app="b"}`, now.entry("x"), now.at(-8*day, "old"))}, 429,
			[]string{"ingestion rate limit exceeded for user rate (limit: 1048 bytes/sec) while attempting to ingest '13' lines totaling '3601' bytes, " +
				"reduce log volume or contact your Loki administrator to see if the limit can be increased"}, nil},
		{"the rate of a stream refuses all of it", "stream-rate", []Stream{stream(`{app="b"}`, now.entry("other")), stream(`{app="a"}`, twelve()...)}, 429,
			[]string{strings.Repeat(rateLimited("1KB", app), 10) + "user 'stream-rate', total ignored: 12 out of 12 for stream: " + app}, []string{"other"}},
		{"without sharding what fits is stored", "not-sharded", []Stream{stream(`{app="a"}`, twelve()...)}, 429,
			[]string{strings.Repeat(rateLimited("1B", app), 6) + "user 'not-sharded', total ignored: 6 out of 12 for stream: " + app}, strings.Fields(strings.Repeat(text+" ", 6))},
		{"one stream too many", "one-stream", []Stream{stream(`{app="a"}`, now.entry("first")), stream(`{app="b"}`, now.entry("x"))}, 429,
			[]string{streamLimit(`{app="b", service_name="b"}`, "one-stream")}, []string{"first"}},

		{"blocked, which is asked before the age", "blocked", []Stream{stream(`{app="a"}`, now.entry("x"), now.at(-8*day, "old"))}, 260,
			[]string{"ingestion blocked for user 'blocked' until 'TIME' with status code '260'"}, nil},
		{"a bad label is told in place of the block", "blocked", []Stream{stream(`{a="1", a="2"}`, now.entry("x")), stream(`{app="a"}`, now.entry("x"))}, 400,
			[]string{`stream '{a="1", a="2", service_name="unknown_service"}' has duplicate label name: 'a'`}, nil},
		{"blocked with another status", "blocked-as-429", []Stream{stream(`{app="a"}`, now.entry("x"))}, 429,
			[]string{"ingestion blocked for user 'blocked-as-429' until 'TIME' with status code '429'"}, nil},
		{"blocked with 200 says nothing", "blocked-as-200", []Stream{stream(`{app="a"}`, now.entry("x"))}, 204, nil, nil},

		{"no metadata allowed", "no-metadata", []Stream{stream(`{app="a"}`, now.entry("x", "k", "v"), now.entry("good"))}, 400,
			[]string{"stream '" + app + "' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` " +
				"or contact your Loki administrator to enable it"}, []string{"good"}},
		{"no labels, and no service to be found", "no-service", []Stream{stream(`{}`, now.entry("x")), stream(`{a=""}`, now.entry("y")), stream(`{service_name="a"}`, now.entry("good"))}, 400,
			[]string{"2 errors like: error at least one label pair is required per stream"}, []string{"good"}},
		{"labels that must be there", "enforcing", []Stream{stream(`{a="1"}`, now.entry("x"), now.entry("y")), stream(`{app="a", team="t"}`, now.entry("good"))}, 400,
			[]string{`missing required labels 'app,team' for user 'enforcing' for stream '{a="1", service_name="unknown_service"}' (policy: '')`}, []string{"good"}},
		{"a long line is cut", "truncating", []Stream{stream(`{app="a"}`, now.entry(strings.Repeat("x", 300<<10)))}, 204, nil, []string{strings.Repeat("x", 256<<10)}},
		{"old lines of before the schema fail the whole request", "old", []Stream{stream(`{app="b"}`, StreamEntry{Timestamp: time.Unix(1, 0), Line: "x"})}, 500,
			[]string{"rpc error: code = Unknown desc = failed to create stream: no schema config found for time 1"}, nil},
		{"equal times are moved apart", "moving", []Stream{stream(`{app="a"}`, now.entry("a"), now.entry("b"), now.entry("a"))}, 204, nil, []string{"a", "b", "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := l.PushStreams(t, c.tenant, c.streams...)
			assert.Equal(t, c.status, answer.Status)
			assert.ElementsMatch(t, c.answers, refusals(answer.Body))
			assert.Empty(t, answer.Header.Values("Retry-After"))
			assert.Equal(t, append([]string{}, c.stored...), lines(l.Query(t, c.tenant, everything)))
		})
	}
	t.Run("no levels", func(t *testing.T) {
		require.Equal(t, 204, l.PushStreams(t, "no-levels", stream(`{app="a"}`, now.entry("error", "severity_text", "WARN"))).Status)
		entries := l.Query(t, "no-levels", everything)
		require.Len(t, entries, 1)
		assert.Equal(t, map[string]string{"severity_text": "WARN"}, entries[0].Metadata)
	})
}

// What follows is lost without a word, since only the outcome of the last stream in a request is answered.
func TestRefusalsThatAreNotTold(t *testing.T) {
	l := limited(t)
	now := clock(time.Now())
	behind := func(labels string) Stream {
		return stream(labels, now.entry("newest"), now.at(-61*time.Minute, "behind"))
	}
	long := stream(`{app="a"}`, now.entry(strings.Repeat("x", 3000)))
	other := stream(`{app="b"}`, now.entry("other"))
	for _, c := range []struct {
		name, tenant string
		streams      []Stream
		status       int
		told         string
		stored       []string
		// counted are the entries that Loki has thrown away of the tenant so far.
		counted map[string]int
	}{
		{"a line too far behind, and a good stream after it", "behind-first", []Stream{behind(`{app="a"}`), other}, 204, "", []string{"newest", "other"}, map[string]int{"too_far_behind": 1}},
		{"the same the other way round", "behind-last", []Stream{other, behind(`{app="a"}`)}, 400, "total ignored: 1 out of 2 for stream: {app=\"a\"", []string{"other", "newest"}, map[string]int{"too_far_behind": 1}},
		{"lines too far behind in two streams", "behind-both", []Stream{behind(`{app="a"}`), behind(`{app="b"}`)}, 400, "total ignored: 1 out of 2 for stream: {app=\"b\"", []string{"newest", "newest"}, map[string]int{"too_far_behind": 2}},
		{"a stream over its rate, and a good one after it", "stream-rate", []Stream{long, other}, 204, "", []string{"other"}, map[string]int{"per_stream_rate_limit": 1}},
		{"a line too long, and one too far behind", "both-reasons", []Stream{stream(`{app="a"}`, now.entry(strings.Repeat("x", 256<<10+1))), behind(`{app="b"}`)}, 400,
			"user 'both-reasons', total ignored: 1 out of 2 for stream: {app=\"b\"", []string{"newest"}, map[string]int{"line_too_long": 1, "too_far_behind": 1}},
		{"one stream, to begin with", "one-stream", []Stream{other}, 204, "", []string{"other"}, map[string]int{}},
		{"a stream too many, and a known one after it", "one-stream", []Stream{stream(`{app="a"}`, now.entry("x")), stream(`{app="b"}`, now.at(1, "again"))}, 204, "", []string{"other", "again"}, map[string]int{"stream_limit": 1}},
		{"a stream too many, and a line too old", "one-stream", []Stream{stream(`{app="b"}`, now.at(-8*day, "x")), stream(`{app="c"}`, now.entry("x"))}, 429,
			"maximum active stream limit exceeded when trying to create stream {app=\"c\"", []string{"other", "again"}, map[string]int{"stream_limit": 2, "greater_than_max_sample_age": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := l.PushStreams(t, c.tenant, c.streams...)
			assert.Equal(t, c.status, answer.Status)
			assert.Contains(t, answer.Body, c.told)
			assert.NotContains(t, answer.Body, "max entry size")
			assert.NotContains(t, answer.Body, "too old")
			if c.told == "" {
				assert.Empty(t, answer.Body)
			}
			assert.ElementsMatch(t, c.stored, lines(l.Query(t, c.tenant, everything)), fmt.Sprint(c.stored))
			assert.Equal(t, c.counted, l.Discarded(t, c.tenant), "what it does not tell, it counts")
		})
	}
}
