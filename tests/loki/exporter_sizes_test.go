// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// count is how many lines of a tenant Loki has, however large they are.
func count(t *testing.T, l *Loki, tenant string) int {
	t.Helper()
	return int(l.Count(t, tenant, "", `sum(count_over_time(`+everything+`[1h]))`)[""])
}

// lineOf is a line of so many bytes that no other line of the test equals and that hardly compresses.
func lineOf(number, bytes int) string {
	return strings.Repeat(fmt.Sprintf("%d,", number), bytes)[:bytes]
}

func TestExporterSizes(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	// some makes records of so many bytes together.
	some := func(bytes, each int) []record {
		var records []record
		for i := range bytes / each {
			records = append(records, now.record(time.Duration(i), lineOf(i, each)))
		}
		return records
	}
	const mega = 1000_000
	for _, c := range []struct {
		name, settings string
		resources      []resource
		count          int
		requests       map[string]int
	}{
		{"nothing", alloy, nil, 0, map[string]int{}},
		{"a resource without records", alloy, []resource{of("a")}, 0, map[string]int{}},
		{"3 MB", alloy, []resource{of("a", some(3*mega, mega/4)...)}, 12, map[string]int{"204": 1}},
		{"5 MB of one stream", alloy, []resource{of("a", some(5*mega, mega/4)...)}, 20, map[string]int{"204": 2}},
		{"4.5 MB of three streams", alloy, []resource{of("a", some(mega*3/2, mega/4)...), of("b", some(mega*3/2, mega/4)...), of("c", some(mega*3/2, mega/4)...)}, 18, map[string]int{"204": 3}},
		// To every entry Loki adds 27 bytes, which count.
		{"4 MiB of short lines, in requests of the largest size", alloy + "\nmax_request_bytes: 4194304", []resource{of("a", some(4<<20, 64)...)}, 4 << 20 / 64, map[string]int{"204": 2}},
		{"short lines of many streams, in requests of the largest size", alloy + "\nmax_request_bytes: 4194304", shortStreams(now, 200, 150), 200 * 150, map[string]int{"204": 200}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, c.settings)
			e.send(t, logs(t, c.resources...))
			assert.Equal(t, c.count, count(t, l, tenant))
			assert.Equal(t, c.requests, e.requests(t))
			assert.Equal(t, c.count, e.delivered(t))
			assert.Empty(t, l.Discarded(t, tenant))
		})
	}
	t.Run("8 MB, more than Loki ever takes at once, come as fast as it lets them", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, alloy)
		e.send(t, logs(t, of("a", some(8*mega, mega/4)...)))
		assert.Equal(t, 32, count(t, l, tenant))
		assert.Equal(t, 32, e.delivered(t))
		// A machine that needs more than a second for the first half never meets the limit.
		assert.Subset(t, []string{"204", "429"}, keys(e.requests(t)))
		assert.Empty(t, e.deadLetters(t))
	})
}

// shortStreams are so many streams of so many short lines.
func shortStreams(now clock, streams, lines int) []resource {
	var all []resource
	for s := range streams {
		r := of(fmt.Sprintf("s%04d", s))
		for i := range lines {
			r.records = append(r.records, now.record(time.Duration(i), fmt.Sprint(s, i)))
		}
		all = append(all, r)
	}
	return all
}

// A server, or a proxy before it, may take less than the exporter expects.
func TestExporterSplitsWhatIsTooLargeForTheServer(t *testing.T) {
	now := clock(time.Now())
	var records []record
	for i := range 100 {
		records = append(records, now.record(time.Duration(i), lineOf(i, 10_000)))
	}
	records = append(records, now.record(time.Second, lineOf(0, 200_000)))
	for _, c := range []struct {
		name     string
		sections map[string]map[string]any
		status   string
		dead     int
	}{
		{"the body", map[string]map[string]any{"distributor": {"max_recv_msg_size": 20_000}}, "413", 0},
		{"the way to the ingester", map[string]map[string]any{"server": {"grpc_server_max_recv_msg_size": 100_000}}, "500", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := StartLoki(t, Options{Sections: c.sections})
			e := export(t, l, alloy)
			e.send(t, logs(t, of("a", records...), of("b", now.record(0, "neighbour"))))
			letters := e.deadLetters(t)
			require.Len(t, letters, c.dead)
			for _, letter := range letters {
				assert.Equal(t, "request_body_too_large", letter.Reason)
				assert.Equal(t, lineOf(0, 200_000), letter.Line)
			}
			assert.Len(t, l.Query(t, "", `{service_name=~"a|b"} | line_format ""`), len(records)+1-c.dead)
			assert.NotZero(t, e.requests(t)[c.status])
		})
	}
}

func TestExporterKeepsTheOrder(t *testing.T) {
	l := SharedLoki(t)
	name := Unique(t)
	now := clock(time.Now().Add(-time.Minute))
	const streams, perStream, batches = 20, 500, 10
	e := export(t, l, alloy+"\nmax_request_bytes: 65536")
	want := make([][]string, streams)
	for b := range batches {
		// Records of all streams in turn, as a node's containers log.
		batch := plog.NewLogs()
		for i := range perStream / batches {
			var resources []resource
			for s := range streams {
				number := b*perStream/batches + i
				line := fmt.Sprintf("%05d %s", number, strings.Repeat("x", s*10))
				want[s] = append(want[s], line)
				resources = append(resources, of(fmt.Sprintf("%s-%d", name, s), now.record(time.Duration(number)*7+time.Duration(s), line)))
			}
			logs(t, resources...).ResourceLogs().MoveAndAppendTo(batch.ResourceLogs())
		}
		e.send(t, batch)
	}
	for s := range streams {
		entries := l.Query(t, "", labelsOf(fmt.Sprintf("%s-%d", name, s)))
		require.Equal(t, want[s], lines(entries))
		for i, entry := range entries {
			require.True(t, time.Time(now).Add(time.Duration(i)*7+time.Duration(s)).Equal(entry.Timestamp), "every nanosecond counts")
		}
	}
	assert.Equal(t, streams*perStream, e.delivered(t))
	assert.Equal(t, []string{"204"}, keys(e.requests(t)))
	assert.Greater(t, e.requests(t)["204"], batches, "there were several requests for a batch")
}

func keys(counts map[string]int) []string {
	var all []string
	for key := range counts {
		all = append(all, key)
	}
	return all
}
