// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestWhichStreamMayShareARequest(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var k knownStreams
	assert.False(t, k.mayShare("", "a", 1, now), "one that Loki never accepted")
	k.accepted("", []string{"a", "b"}, now)
	assert.True(t, k.mayShare("", "a", 1, now), "one that it accepted")
	assert.False(t, k.mayShare("team", "a", 1, now), "not one of another tenant")
	assert.True(t, k.mayShare("", "a", 1, now.Add(9*time.Minute)), "nine minutes ago")
	assert.False(t, k.mayShare("", "a", 1, now.Add(11*time.Minute)), "not eleven minutes ago")

	assert.False(t, k.mayShare("", "b", aloneBytes+1, now), "not one that brings much")
	assert.False(t, k.mayShare("", "b", 1, now), "nor the next of it at once")
	assert.True(t, k.mayShare("", "b", 1, now.Add(time.Second)), "but after a second")
	later := now.Add(time.Minute)
	for i := range 8 {
		assert.Equal(t, i < 4, k.mayShare("", "b", aloneBytes/4, later), "a little, often, is much, too: %d", i)
	}
	for range 100 {
		k.mayShare("", "b", aloneBytes, later)
	}
	assert.True(t, k.mayShare("", "b", 1, later.Add(5*time.Second)), "a lot is forgotten within seconds")

	k.refused("", "a", now)
	assert.False(t, k.mayShare("", "a", 1, now.Add(time.Minute)), "not one that Loki refused a minute ago")
	k.accepted("", []string{"a"}, now.Add(9*time.Minute))
	assert.False(t, k.mayShare("", "a", 1, now.Add(9*time.Minute)), "whatever it accepted since")
	assert.True(t, k.mayShare("", "a", 1, now.Add(10*time.Minute)), "but one that it refused ten minutes ago")

	k.accepted("", []string{"c"}, now)
	k.accepted("team", []string{"c"}, now)
	k.failed("", now.Add(time.Second))
	assert.False(t, k.mayShare("", "c", 1, now.Add(time.Minute)), "not one of a Loki that failed since: it may have started anew")
	assert.True(t, k.mayShare("team", "c", 1, now.Add(time.Minute)), "another tenant is not concerned")
	k.accepted("", []string{"c"}, now.Add(2*time.Second))
	assert.True(t, k.mayShare("", "c", 1, now.Add(time.Minute)), "but when it accepted the stream again")
}

func TestKnownStreamsAreBounded(t *testing.T) {
	t.Parallel()
	var k knownStreams
	now := time.Now()
	for i := range 3 * maxKnown {
		k.accepted("team", []string{fmt.Sprint(i)}, now)
		k.refused("team", fmt.Sprint("r", i), now)
	}
	assert.LessOrEqual(t, len(k.streams), maxKnown+1)
	assert.True(t, k.mayShare("team", fmt.Sprint(3*maxKnown-1), 1, now))
	assert.Equal(t, now, k.lastOfTenant("team"))
}

// streamsOf says of each request which streams it held.
func streamsOf(requests []lokifake.Request) []string {
	var streams []string
	for _, r := range requests {
		names := slices.Clone(r.Streams)
		for i := range names {
			names[i] = strings.TrimSuffix(strings.TrimPrefix(names[i], `{service_name="`), `"}`)
		}
		slices.Sort(names)
		streams = append(streams, strings.Join(names, "+"))
	}
	return streams
}

func TestOrdinaryStreamsShareARequest(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	all := func() plog.Logs {
		return batchOf(t, map[string][]rec{"a": numbered("a", 3), "b": numbered("b", 3), "c": numbered("c", 3)})
	}
	e.send(t, all())
	assert.ElementsMatch(t, []string{"a", "b", "c"}, streamsOf(loki.Requests()), "new ones go alone")
	e.send(t, all())
	e.send(t, all())
	assert.Equal(t, []string{"a+b+c", "a+b+c"}, streamsOf(loki.Requests()[3:]))
	e.assertCounts(t, 27, nil)
}

// Of several streams in a request Loki only tells what became of the last one. Here
// one of three is in trouble that a 204 would hide, in each place.
func TestA204HidesNothing(t *testing.T) {
	t.Parallel()
	for place := range 3 {
		names := []string{"a", "b"}
		names = slices.Insert(names, place, "bad")
		batch := func(t *testing.T, bad ...rec) plog.Logs {
			ld := plog.NewLogs()
			for _, name := range names {
				if name == "bad" {
					appendLogs(t, ld, attrs{"service.name": name}, bad...)
				} else {
					appendLogs(t, ld, attrs{"service.name": name}, numbered(name, 2)...)
				}
			}
			return ld
		}
		t.Run(fmt.Sprint("an entry too far behind, at place ", place), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			e.send(t, batch(t, rec{body: "newest"}))
			before := len(loki.Requests())
			e.send(t, batch(t, rec{body: "behind", at: time.Now().Add(-2 * time.Hour)}, rec{body: "recent"}))
			assert.ElementsMatch(t, []string{"a+b", "bad"}, streamsOf(loki.Requests()[before:]), "the others share a request")
			assert.Equal(t, []string{"behind"}, e.letterLines(t, "too_far_behind"))
			assert.Contains(t, linesOf(loki.Entries("")), "recent")
			e.assertCounts(t, 5+5, map[string]int{"too_far_behind": 1})
		})
		t.Run(fmt.Sprint("an entry too far behind by the measure of another Loki, at place ", place), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{MaxBehind: 10 * time.Minute}})
			e := run(t, loki.URL(), byService)
			e.send(t, batch(t, rec{body: "newest"}))
			// Once Loki said so, it is believed.
			e.send(t, service(t, "bad", rec{body: "behind 1", at: time.Now().Add(-20 * time.Minute)}))
			e.send(t, batch(t, rec{body: "behind 2", at: time.Now().Add(-20 * time.Minute)}))
			assert.Equal(t, []string{"behind 1", "behind 2"}, e.letterLines(t, "too_far_behind"))
			e.assertCounts(t, 5+4, map[string]int{"too_far_behind": 2})
		})
		t.Run(fmt.Sprint("one stream too many, at place ", place), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{Streams: 2}})
			e := run(t, loki.URL(), byService)
			e.send(t, batchOf(t, map[string][]rec{"a": numbered("a", 1), "b": numbered("b", 1)}))
			s := e.begin(context.Background(), batch(t, rec{body: "one too many"}))
			loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return statuses(r)[429] > 20 })
			assert.True(t, s.waits())
			assert.Len(t, loki.Entries(""), 2+4, "the others do not wait")
			assert.Equal(t, 6, e.sum(t, "delivered_log_records"))

			loki.Stop()
			again := lokifake.StartAt(t, loki.URL(), lokifake.Options{})
			require.NoError(t, s.wait(t))
			assert.Equal(t, []string{"one too many"}, linesOf(again.Entries("")))
			e.assertCounts(t, 7, nil)
		})
		t.Run(fmt.Sprint("a stream that is too fast, at place ", place), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{
				RateBytes: -1, StreamRateBytes: 8 << 20, StreamBurstBytes: 1 << 20,
			}})
			e := run(t, loki.URL(), byService)
			e.send(t, batch(t, rec{body: "known"}))
			sent := 1
			for range 12 {
				// 100 KB each, one after the other.
				e.send(t, batch(t, rec{body: fmt.Sprintf("%03d%s", sent, strings.Repeat("x", 200_000))}))
				sent++
			}
			assert.Len(t, slices.DeleteFunc(loki.Entries(""), func(e lokifake.Entry) bool { return e.Labels["service_name"] != "bad" }), sent)
			e.assertCounts(t, 13*4+sent, nil)
		})
	}
}

// What held while the batch was made does not hold after an outage.
func TestAfterAnOutageEachStreamGoesAlone(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	e.send(t, batchOf(t, map[string][]rec{"a": {{body: "newest a"}}, "b": {{body: "newest b"}}}))

	x := exporterOf(t, loki.URL())
	behind := time.Now().Add(-2 * time.Hour).UnixNano()
	old := encodeStreams("", []decodedStream{
		{labels: `{service_name="a"}`, entries: [][]byte{appendEntry(nil, behind, "behind", nil, nil)}},
		{labels: `{service_name="b"}`, entries: [][]byte{appendEntry(nil, time.Now().UnixNano(), "b", nil, nil)}},
	})
	old.made = time.Now().Add(-freshFor - time.Second)
	before := len(loki.Requests())
	require.NoError(t, x.send(context.Background(), [][]*request{{old}}))
	assert.Equal(t, []string{"a", "b"}, streamsOf(loki.Requests()[before:]))
	assert.Contains(t, loki.Requests()[before].Answer, "entry too far behind")
}

// An answer that speaks of the last stream says nothing of the others.
func TestWhatIsSaidOfOneStreamIsAskedForEach(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a stream too fast": streamRateEntry + streamRateEnd, "a stream too many": streamLimitText} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			both := func() plog.Logs { return batchOf(t, map[string][]rec{"a": numbered("a", 3), "b": numbered("b", 3)}) }
			e.send(t, both())
			loki.SetFault(lokifake.Fault{Status: 429, Body: text, Times: 1})
			e.send(t, both())
			assert.ElementsMatch(t, []string{"a+b", "a", "b"}, streamsOf(loki.Requests()[2:]))
			last := loki.Requests()[2].Streams[1]
			e.send(t, both())
			assert.NotContains(t, streamsOf(loki.Requests()[5:]), "a+b", "the one that was refused goes alone: %s", last)
			e.assertCounts(t, 18, nil)
		})
	}
}

func TestARefusalOfTheIngesterIsAskedForEachStream(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	all := func() plog.Logs {
		return batchOf(t, map[string][]rec{"a": numbered("a", 1), "b": numbered("b", 1), "c": numbered("c", 1), "d": numbered("d", 1)})
	}
	e.send(t, all())
	loki.SetFault(lokifake.Fault{Status: 400, Body: behindText, Times: 1})
	e.send(t, all())
	assert.ElementsMatch(t, []string{"a+b+c+d", "a", "b", "c", "d"}, streamsOf(loki.Requests()[4:]))
	e.assertCounts(t, 8, nil)
}

// Streams over a limit wait; those behind them in the batch do not wait with them.
func TestStreamsThatWaitDoNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	config, err := load(t, byService+noQueue+"endpoint: "+loki.URL()+"\nretry_on_failure: {initial_interval: 1h, max_interval: 1h}")
	require.NoError(t, err)
	e := runConfig(t, config)
	loki.SetFault(onLine("over", lokifake.Fault{Status: 429, Body: streamLimitText}))
	ld := plog.NewLogs()
	for i := range 10 {
		appendLogs(t, ld, attrs{"service.name": fmt.Sprint("over", i)}, rec{body: "over"})
	}
	appendLogs(t, ld, attrs{"service.name": "good"}, rec{body: "good"})
	ctx, cancel := context.WithCancel(context.Background())
	s := e.begin(ctx, ld)
	loki.WaitEntries(t, 1, patience)
	// Once before the good one, once behind it.
	loki.WaitForRequests(t, patience, "each to be tried", func(r []lokifake.Request) bool { return statuses(r)[429] >= 20 })
	assert.True(t, s.waits(), "the next round comes after an hour")
	assert.Len(t, loki.Requests(), 21)
	cancel()
	require.ErrorIs(t, s.wait(t), context.Canceled)
}
