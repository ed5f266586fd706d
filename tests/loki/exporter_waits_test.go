// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

// What an administrator has to change is waited for, however long it takes.
func TestExporterWaitsForTheAdministrator(t *testing.T) {
	t.Parallel()
	type limits = map[string]map[string]any
	until := "2100-01-01T00:00:00Z"
	l := StartLoki(t, Options{MultiTenant: true, Tenants: limits{
		"blocked":        {"block_ingestion_until": until},
		"blocked-as-429": {"block_ingestion_until": until, "block_ingestion_status_code": 429},
		"blocked-as-400": {"block_ingestion_until": until, "block_ingestion_status_code": 400},
		"small-burst":    {"ingestion_rate_mb": 0.001, "ingestion_burst_size_mb": 0.001},
		"slow-stream":    {"per_stream_rate_limit": "1KB", "per_stream_rate_limit_burst": "1KB"},
	}})
	now := clock(time.Now())
	batch := func(lines ...string) plog.Logs {
		var records []record
		for i, line := range lines {
			records = append(records, now.record(time.Duration(i), line))
		}
		return logs(t, of("a", records...), of("b", now.record(9, "of another stream")))
	}
	// waits checks that a batch is held, more often than it takes to cut a request and to give up one entry alone.
	waits := func(e *exporting, held *sending, status string) {
		e.waitRequests(t, status, 25)
		assert.False(t, held.isDone())
		assert.Equal(t, map[string]int{status: 1}, e.counter(t, "waiting_requests"))
		assert.Empty(t, e.deadLetters(t))
	}

	// A line that is longer than all that may come in a second.
	long := strings.Repeat("x", 3000)
	var held, released []func()
	for _, tenant := range []string{"small-burst", "slow-stream"} {
		e := exportAs(t, l, tenant, alloy)
		sending := e.begin(t, batch("before", long, "behind"))
		held = append(held, func() {
			waits(e, sending, "429")
			l.WaitEntries(t, tenant, everything, func(entries []Entry) bool {
				return slices.Equal(lines(entries), []string{"before", "of another stream"})
			})
		})
	}
	blocked := map[string]string{"blocked": "260", "blocked-as-429": "429", "blocked-as-400": "400"}
	for tenant, status := range blocked {
		e := exportAs(t, l, tenant, alloy)
		sending := e.begin(t, batch("x", "y"))
		held = append(held, func() { waits(e, sending, status) })
		released = append(released, func() {
			sending.wait(t)
			assert.Equal(t, []string{"x", "y", "of another stream"}, e.outcome(t, tenant).Lines)
			assert.Equal(t, 3, e.delivered(t))
			assert.Empty(t, e.deadLetters(t))
		})
	}
	for _, check := range held {
		check()
	}
	l.SetTenants(t, limits{"blocked": {}})
	for _, check := range released {
		check()
	}
}

// An entry that makes Loki answer 500, again and again, does not hold up what is around it.
func TestExporterFindsAnEntryThatFailsTheWholeRequest(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{"old": {"reject_old_samples": false}}})
	now := clock(time.Now())
	e := export(t, l, alloy+"\ntenant: {value: old}\nlimits: {max_age: 0s}")
	// A stream cannot begin with it; when there is one, it is too far behind.
	first := record{at: time.Unix(1, 0), body: "before the schema begins"}
	e.send(t, logs(t, of("a", now.record(0, "1"), first, now.record(1, "2")), of("b", now.record(2, "3")), of("c", first, now.record(3, "4"))))
	got := e.outcome(t, "old")
	assert.Equal(t, map[string][]string{"too_far_behind": {first.body.(string), first.body.(string)}}, got.Letters)
	assert.Equal(t, []string{"1", "2", "3", "4"}, got.Lines)
	assert.Equal(t, []string{"400", "500"}, got.Statuses)
	assert.Equal(t, 4, e.delivered(t))
}
