// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// clock is a clock that a test sets.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(by)
}

func TestTenantRateRecoversWithTime(t *testing.T) {
	clock := &clock{time: noon}
	server := start(t, lokifake.Options{Now: clock.now, Limits: lokifake.Limits{RateBytes: 10, BurstBytes: 20}})
	client := newSender(t, server)

	status, _ := client.push(stream(`{job="a"}`, now(strings.Repeat("a", 20))))
	assert.Equal(t, 204, status)
	status, text := client.push(stream(`{job="a"}`, now("b")))
	assert.Equal(t, 429, status)
	assert.Contains(t, text, "(limit: 10 bytes/sec) while attempting to ingest '1' lines totaling '1' bytes")
	clock.advance(time.Second)
	status, _ = client.push(stream(`{job="a"}`, now("1234", "m", "12345")))
	assert.Equal(t, 204, status)
	assert.Len(t, server.Entries(""), 2)
}

func TestStreamRateRefusesTheStreamWhole(t *testing.T) {
	server := start(t, lokifake.Options{Limits: lokifake.Limits{StreamRateBytes: 1024, StreamBurstBytes: 4}})
	client := newSender(t, server)
	status, text := client.push(
		stream(`{job="a"}`, now("slow")),
		stream(`{job="b"}`, now("fast"), now("x")),
	)
	assert.Equal(t, 429, status)
	reason := "Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{job=\"b\", service_name=\"b\"}' totaling "
	advice := ", consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased"
	assert.Equal(t, "entry with timestamp 2026-01-15 12:00:00 +0000 UTC ignored, reason: '"+reason+"4B"+advice+"',\n"+
		"entry with timestamp 2026-01-15 12:00:00 +0000 UTC ignored, reason: '"+reason+"1B"+advice+"',\n"+
		"user 'fake', total ignored: 2 out of 2 for stream: {job=\"b\", service_name=\"b\"}\n", text)
	assert.Equal(t, []string{"slow"}, linesOf(server.Entries("")))

	status, _ = client.push(stream(`{job="a"}`, now("slow")))
	assert.Equal(t, 204, status, "the last entry of a stream, sent again, does not count")
}

func TestStreamCountKeepsTheOtherStreams(t *testing.T) {
	server := start(t, lokifake.Options{Limits: lokifake.Limits{Streams: 1}})
	client := newSender(t, server)
	first, second := stream(`{job="a"}`, now("first")), stream(`{job="b"}`, now("second"))

	status, text := client.push(first, second)
	assert.Equal(t, 429, status)
	assert.Equal(t, `maximum active stream limit exceeded when trying to create stream {job="b", service_name="b"}, reduce the number of `+
		"active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'fake'\n", text)
	assert.Equal(t, []string{"first"}, linesOf(server.Entries("")))

	status, _ = client.push(second, first)
	assert.Equal(t, 204, status, "the answer speaks for the last stream only")
}

func TestAnAnswerNamesTenEntriesAndCountsAll(t *testing.T) {
	entries := []push.Entry{now("new")}
	for i := range 12 {
		entries = append(entries, at(-2*time.Hour+time.Duration(i), "behind"))
	}
	status, text := newSender(t, start(t, lokifake.Options{})).push(stream(`{job="a"}`, entries...))
	assert.Equal(t, 400, status)
	assert.Equal(t, 10, strings.Count(text, "ignored, reason:"))
	assert.Contains(t, text, "total ignored: 12 out of 13 for stream")
}

func TestNegativeLimitsLiftEverything(t *testing.T) {
	server := start(t, lokifake.Options{Limits: lokifake.Limits{
		LineBytes: -1, LabelNames: -1, LabelNameBytes: -1, LabelValueBytes: -1, MetadataBytes: -1, MetadataPairs: -1,
		MaxAge: -1, MaxAhead: -1, MaxBehind: -1, BodyBytes: -1, ForwardBytes: -1, RateBytes: -1, StreamRateBytes: -1, Streams: -1,
	}})
	client := newSender(t, server)
	status, text := client.push(
		stream(manyLabels(20), at(24*time.Hour, "ahead"), at(-30*24*time.Hour, "old")),
		stream(`{`+strings.Repeat("n", 2000)+`="`+strings.Repeat("v", 3000)+`"}`, now("x", manyPairs(200)...)),
		stream(`{job="a"}`, now(strings.Repeat("x", 9<<20), "m", strings.Repeat("v", 70_000))),
	)
	require.Equal(t, 204, status, text)
	assert.Len(t, server.Entries(""), 4)
}
