// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What follows Loki does not tell a client that sends several streams in one request, see TestRefusalsThatAreNotTold.
// Whatever the answers are: each record is in Loki, or in the dead-letter file, or the exporter still holds it.

// services are so many services of which each has the same records.
func services(names string, records ...record) []resource {
	var all []resource
	for _, name := range strings.Fields(names) {
		all = append(all, of(name, records...))
	}
	return all
}

func TestExporterLosesNothingThatIsTooFarBehind(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	for _, c := range []struct {
		name      string
		ahead     time.Duration
		resources []resource
		behind    []string
		stored    int
	}{
		{"the first of several streams", 0, []resource{of("a", now.record(-61*time.Minute, "behind")), of("b", now.record(1, "1")), of("c", now.record(1, "2"))}, []string{"behind"}, 2},
		{"one in the middle, beside a good line", 0, []resource{of("a", now.record(1, "1")), of("b", now.record(-61*time.Minute, "behind"), now.record(1, "2")), of("c", now.record(1, "3"))}, []string{"behind"}, 3},
		{"the last of several streams", 0, []resource{of("a", now.record(1, "1")), of("b", now.record(1, "2")), of("c", now.record(-61*time.Minute, "behind"))}, []string{"behind"}, 2},
		{"every stream", 0, services("a b c", now.record(-3*time.Hour, "behind"), now.record(-2*time.Hour, "behind"), now.record(1, "1")), slices.Repeat([]string{"behind"}, 6), 3},
		{"streams of a server whose clock is ahead", 9*time.Minute + 50*time.Second, services("a b c", now.record(-50*time.Minute-30*time.Second, "behind"), now.record(-49*time.Minute, "1")), slices.Repeat([]string{"behind"}, 3), 3},
		{"as much as can be behind unnoticed", 9*time.Minute + 50*time.Second, services("a b c", now.record(-44*time.Minute, "1"), now.record(0, "2")), nil, 6},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known: %t", c.name, known), func(t *testing.T) {
				tenant := Unique(t)
				e := exportAs(t, l, tenant, alloy)
				sent := c.stored
				if known {
					e.send(t, logs(t, services("a b c", now.record(-2, "before"))...))
					sent += 3
				}
				for _, r := range c.resources {
					answer := l.PushStreams(t, tenant, stream(labelsOf(r.attrs["service.name"].(string)), now.at(c.ahead, "of somebody else")))
					assert.Equal(t, 204, answer.Status)
				}
				e.send(t, logs(t, c.resources...))
				got := e.outcome(t, tenant)
				assert.Equal(t, c.behind, got.Letters["too_far_behind"])
				assert.Len(t, got.Lines, sent+len(c.resources))
				assert.Equal(t, sent, e.delivered(t))
			})
		}
	}
}

func TestExporterLosesNothingOfAStreamThatIsOneTooMany(t *testing.T) {
	type limits = map[string]map[string]any
	l := StartLoki(t, Options{MultiTenant: true, Tenants: limits{"few": {"max_global_streams_per_user": 2}, "others": {}}})
	now := clock(time.Now())
	e := export(t, l, alloy)
	tenant := func(name string, resources ...resource) []resource {
		for i := range resources {
			resources[i].attrs = with(resources[i].attrs, "__tenant_id__", any(name))
		}
		return resources
	}
	e.send(t, logs(t, tenant("few", services("a b", now.record(0, "0"))...)...))
	// The new stream comes first, then two that are known, then another tenant.
	held := e.begin(t, logs(t, append(tenant("few", services("c a b", now.record(1, "1"))...), tenant("others", of("a", now.record(1, "1")))...)...))
	e.waitRequests(t, "429", 5)
	assert.Equal(t, []string{"1"}, lines(l.Query(t, "others", everything)), "other tenants go on")
	e.send(t, logs(t, tenant("few", services("a b", now.record(2, "2"))...)...))
	assert.Empty(t, l.Query(t, "few", labelsOf("c")))
	assert.False(t, held.isDone())
	assert.Empty(t, e.deadLetters(t))

	l.SetTenants(t, limits{"few": {"max_global_streams_per_user": 3}})
	held.wait(t)
	for _, c := range []struct{ service, lines string }{{"a", "012"}, {"b", "012"}, {"c", "1"}} {
		assert.Equal(t, strings.Split(c.lines, ""), lines(l.Query(t, "few", labelsOf(c.service))), c.service)
	}
	assert.Equal(t, 8, e.delivered(t))
	assert.Empty(t, e.deadLetters(t))
}

func TestExporterLosesNothingOfANewStreamThatIsOverItsRate(t *testing.T) {
	t.Parallel()
	type limits = map[string]any
	l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{
		"sharded":     {"per_stream_rate_limit": "2KB", "per_stream_rate_limit_burst": "2KB"},
		"not-sharded": {"per_stream_rate_limit": "2KB", "per_stream_rate_limit_burst": "2KB", "shard_streams": limits{"enabled": false}},
	}})
	now := clock(time.Now())
	for _, tenant := range []string{"sharded", "not-sharded"} {
		t.Run(tenant, func(t *testing.T) {
			e := exportAs(t, l, tenant, alloy)
			var hot []record
			for i := range 12 {
				hot = append(hot, now.record(time.Duration(i), lineOf(i, 300)))
			}
			e.send(t, logs(t, append([]resource{of("a", hot...)}, services("b c", now.record(0, "x"))...)...))
			assert.Equal(t, 14, count(t, l, tenant))
			assert.Equal(t, 14, e.delivered(t))
			assert.Empty(t, e.deadLetters(t))
			assert.NotZero(t, e.requests(t)["429"])
		})
	}
}

// The limits of streams are the default ones: 15 MB at once and 3 MB in each second. Those of the tenant are higher, as in
// most installations, and the stream brings a little with each request.
func TestExporterLosesNothingOfAKnownStreamThatIsOverItsRate(t *testing.T) {
	t.Parallel()
	type limits = map[string]any
	l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{
		"sharded":     {"ingestion_rate_mb": 100, "ingestion_burst_size_mb": 200},
		"not-sharded": {"ingestion_rate_mb": 100, "ingestion_burst_size_mb": 200, "shard_streams": limits{"enabled": false}},
	}})
	now := clock(time.Now())
	for _, tenant := range []string{"sharded", "not-sharded"} {
		t.Run(tenant, func(t *testing.T) {
			t.Parallel()
			e := exportAs(t, l, tenant, alloy)
			sent := 0
			for b := range 60 {
				var hot []record
				for i := range 4 {
					hot = append(hot, now.record(time.Duration(4*b+i), lineOf(4*b+i, 100_000)))
				}
				e.send(t, logs(t, of("a", hot...), of("b", now.record(time.Duration(b), "x")), of("c", now.record(time.Duration(b), "x"))))
				sent += len(hot) + 2
			}
			assert.Equal(t, sent, e.delivered(t)+len(e.deadLetters(t)))
			// Of a stream that was stored in part and sent again, count_over_time counts some lines twice: Loki compares only
			// with what is in the same chunk. Who asks for the lines gets each once.
			stored := len(l.Query(t, tenant, everything+` | line_format ""`))
			assert.Equal(t, sent, stored+len(e.deadLetters(t)), "Loki discarded %v", l.Discarded(t, tenant))
		})
	}
}

func TestExporterLosesNothingWhereOneAnswerHidesAnother(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{"hiding": {"max_line_size": "1KB"}}})
	now := clock(time.Now())
	long := strings.Repeat("x", 2000)
	before := []Stream{stream(labelsOf("a"), now.entry("newest")), stream(labelsOf("b"), now.entry("newest"))}
	assert.Equal(t, 204, l.PushStreams(t, "hiding", before...).Status)
	e := exportAs(t, l, "hiding", alloy)
	// Loki's ingester names what is behind; that a line is too long is then in no answer.
	e.send(t, logs(t,
		of("a", now.record(-2*time.Hour, "behind"), now.record(1, "good"), now.record(2, long), now.record(3, "good too")),
		of("b", now.record(-2*time.Hour, "behind"), now.record(-2*time.Hour+1, long), now.record(-2*time.Hour+2, "behind too"))))
	got := e.outcome(t, "hiding")
	assert.Equal(t, map[string][]string{"too_far_behind": {"behind", "behind", "behind too"}, "line_too_long": {long, long}}, got.Letters)
	assert.ElementsMatch(t, []string{"newest", "newest", "good", "good too"}, got.Lines)
	assert.Equal(t, 2, e.delivered(t))
}
