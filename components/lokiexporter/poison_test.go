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
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// poisonText is what a real Loki says to a request with a name that it cannot
// normalise: nothing of the request is stored.
const poisonText = `normalization for label name "日志" resulted in invalid name "_"`

// One entry that Loki can never take does not hold up the others, wherever it is.
func TestAPoisonedEntryIsFound(t *testing.T) {
	t.Parallel()
	const n = 200
	for _, place := range []int{0, 1, 77, n - 2, n - 1} {
		t.Run(fmt.Sprint("at place ", place), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			records := numbered("x", n)
			records[place].body = "poison"
			loki.SetFault(onLine("poison", lokifake.Fault{Status: 500, Body: poisonText}))
			e.send(t, service(t, "a", records...))

			want := bodies(slices.Delete(slices.Clone(records), place, place+1))
			assert.Equal(t, want, linesOf(loki.Entries("")), "the others, in order")
			e.assertCounts(t, n-1, map[string]int{"server_error": 1})
			letter := e.letters(t)[0]
			assert.Equal(t, "poison", letter.Line)
			assert.Equal(t, poisonText, letter.Answer)
			// Eight times in two: three failures of the one half, one success of the other.
			assert.Less(t, len(loki.Requests()), 8*4+giveUpAfter+10)
		})
	}
}

func TestAPoisonedEntryAmongManyStreams(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	warm := plog.NewLogs()
	ld := plog.NewLogs()
	var want []string
	for i := range 100 { // More requests than an outage may make pieces of.
		name := fmt.Sprint("service-", i)
		appendLogs(t, warm, attrs{"service.name": name}, rec{body: "warm"})
		records := numbered(name, 8)
		if i == 0 {
			records[3].body = "poison"
		}
		appendLogs(t, ld, attrs{"service.name": name}, records...)
		want = append(want, bodies(records)...)
	}
	want = slices.DeleteFunc(want, func(line string) bool { return line == "poison" })
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known: ", known), func(t *testing.T) {
			loki.ClearFault()
			if known {
				e.send(t, warm)
			}
			before := loki.Count()
			loki.SetFault(onLine("poison", lokifake.Fault{Status: 500, Body: poisonText}))
			e.send(t, ld)
			if !known {
				assert.ElementsMatch(t, want, linesOf(loki.Entries(""))[before:])
			} else {
				assert.Subset(t, linesOf(loki.Entries("")), want)
			}
		})
	}
	e.assertCounts(t, 100+2*len(want), map[string]int{"server_error": 2})
}

func TestTwoPoisonedEntriesSideBySide(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	records := numbered("x", 50)
	records[20].body, records[21].body, records[49].body = "poison 1", "poison 2", "poison 3"
	loki.SetFault(onLine("poison", lokifake.Fault{Status: 500, Body: poisonText}))
	e.send(t, service(t, "a", records...))
	assert.Len(t, loki.Entries(""), 47)
	e.assertCounts(t, 47, map[string]int{"server_error": 3})
}

// Nothing proves that an entry is at fault which is alone in its stream: of a Loki
// in trouble it may be that it takes some streams and others not. It waits, and
// the others pass.
func TestAStreamThatNeverPassesIsNotGivenUp(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	loki.SetFault(onLine("a-", lokifake.Fault{Status: 500, Body: "at least 1 live replicas required, could only find 0"}))
	ld := service(t, "a", numbered("a", 20)...)
	appendLogs(t, ld, attrs{"service.name": "b"}, numbered("b", 20)...)
	s := e.begin(context.Background(), ld)
	loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) > 20*giveUpAfter })
	for range 10 {
		e.send(t, service(t, "b", rec{body: "more"}))
	}
	assert.True(t, s.waits())
	assert.Equal(t, 30, loki.Count())
	assert.Empty(t, e.letters(t))

	// A single line of it is not given up either.
	alone := e.begin(context.Background(), service(t, "a", rec{body: "a-alone"}))
	asked := len(loki.Requests())
	loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) > asked+5*giveUpAfter })
	assert.True(t, alone.waits())

	loki.ClearFault()
	require.NoError(t, s.wait(t))
	require.NoError(t, alone.wait(t))
	e.assertCounts(t, 51, nil)
}

// A line that came alone is given up when the stream goes on without it.
func TestAPoisonedEntryThatCameAlone(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	loki.SetFault(onLine("poison", lokifake.Fault{Status: 500, Body: poisonText}))
	s := e.begin(context.Background(), service(t, "a", rec{body: "poison"}))
	require.Eventually(t, func() bool {
		if s.waits() {
			require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "next"})))
		}
		return !s.waits()
	}, patience, time.Millisecond)
	require.NoError(t, s.wait(t))
	assert.Equal(t, []string{"poison"}, e.letterLines(t, "server_error"))
}

// Only what Loki itself says about an entry can be the entry's fault.
func TestWhatIsNeverTheEntrysFault(t *testing.T) {
	t.Parallel()
	for _, fault := range []lokifake.Fault{
		{Status: 429}, {Status: 502}, {Status: 503}, {Status: 504}, {Status: 403}, {Status: 260}, {Disconnect: true},
	} {
		t.Run(fmt.Sprint(fault.Status), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			loki.SetFault(onLine("unlucky", fault))
			ld := service(t, "a", append(numbered("x", 10), rec{body: "unlucky"})...)
			appendLogs(t, ld, attrs{"service.name": "b"}, numbered("y", 5)...)
			s := e.begin(context.Background(), ld)
			for range 10 {
				e.send(t, service(t, "a", rec{body: "more"}))
			}
			loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) > 3*giveUpAfter })
			assert.True(t, s.waits())
			assert.Contains(t, linesOf(loki.Entries("")), "y-004", "the other stream passes")
			loki.ClearFault()
			require.NoError(t, s.wait(t))
			e.assertCounts(t, 26, nil)
		})
	}
}

// A Loki that is wholly in trouble makes nobody guilty, and few pieces of a batch.
func TestLokiIsIllForLong(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503, 429} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			loki.SetFault(lokifake.Fault{Status: status, Body: "empty ring"})
			e := run(t, loki.URL(), byService)
			ld := plog.NewLogs()
			for i := range 10 {
				name := fmt.Sprint("s", i)
				appendLogs(t, ld, attrs{"service.name": name}, numbered(name, 100)...)
			}
			s := e.begin(context.Background(), ld)
			loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) > 300 })
			assert.True(t, s.waits())
			loki.ClearFault()
			require.NoError(t, s.wait(t))
			e.assertCounts(t, 1000, nil)
			assert.Equal(t, 1000, loki.Count())
			passed := statuses(loki.Requests())[204]
			assert.LessOrEqual(t, passed, maxPieces+1)
			assert.Greater(t, passed, 10, "it was cut")
			warnings := e.said(zapcore.WarnLevel)
			assert.Len(t, warnings, 1)
		})
	}
}

// In an outage that does not last for hours, the order of a stream is kept.
func TestAnOutageKeepsTheOrder(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	loki.SetFault(lokifake.Fault{Status: 500, Body: "empty ring", Times: 20})
	records := numbered("x", 100)
	e.send(t, service(t, "a", records...))
	assert.Equal(t, bodies(records), linesOf(loki.Entries("")))
}

func TestWhichRequestComesNext(t *testing.T) {
	t.Parallel()
	e := &lokiExporter{}
	e.known.accepted("", []string{"taken"}, time.Now())
	long := time.Now().Add(-time.Hour)
	piece := func(stream string, h history) *request {
		return &request{entries: 1, streams: strings.Split(stream, ","), history: h}
	}
	for _, tt := range []struct {
		name    string
		pending []*request
		want    int
	}{
		{"the first", []*request{piece("a", history{}), piece("b", history{})}, 0},
		{"after a failure another stream", []*request{piece("a", history{rounds: 1}), piece("b", history{})}, 1},
		{"not another part of the same stream", []*request{piece("a", history{rounds: 1}), piece("a", history{}), piece("b,a", history{}), piece("b", history{})}, 0},
		{"the first of those that failed as often", []*request{piece("a", history{rounds: 2}), piece("b", history{rounds: 1}), piece("c", history{rounds: 1})}, 1},
		{"another part of the same stream when the first keeps failing",
			[]*request{piece("a", history{rounds: 20, failures: giveUpAfter, status: 500, lastFailed: time.Now()}), piece("a", history{rounds: 4})}, 1},
		{"but not when it fails for a gateway",
			[]*request{piece("a", history{rounds: 20, failures: giveUpAfter, status: 503, lastFailed: time.Now()}), piece("a", history{rounds: 4})}, 0},
		{"what keeps failing, as soon as Loki takes something of the stream", []*request{piece("b", history{rounds: 1}),
			piece("taken", history{rounds: 20, failures: giveUpAfter, status: 500, lastFailed: long}), piece("c", history{})}, 1},
		{"but only once", []*request{piece("b", history{rounds: 1}),
			piece("taken", history{rounds: 20, failures: giveUpAfter, status: 500, lastFailed: time.Now()}), piece("c", history{})}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, e.next(tt.pending))
		})
	}
}

// Blame needs an entry like it that Loki took between two failures, right before the
// second one.
func TestWhatBlamesARequest(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		name string
		// taken is when Loki took something of the stream, failed when the request failed
		// before, both before now; 0 is never.
		taken, failed time.Duration
		status        int
		tenant        string
		streams       []string
		want          int
	}{
		{name: "taken after a failure", taken: 10 * time.Millisecond, failed: time.Minute, status: 500, want: 1},
		{name: "taken before the failure", taken: 10 * time.Millisecond, failed: time.Millisecond, status: 500},
		{name: "taken long ago", taken: 10 * time.Second, failed: time.Minute, status: 500},
		{name: "no failure before", taken: 10 * time.Millisecond, status: 500},
		{name: "nothing taken", failed: time.Minute, status: 500},
		{name: "another stream of the tenant", taken: 10 * time.Millisecond, failed: time.Minute, status: 500, streams: []string{"b"}},
		{name: "another stream of the tenant, for a bad request", taken: 10 * time.Millisecond, failed: time.Minute, status: 400, streams: []string{"b"}, want: 1},
		{name: "a stream that Loki never took anything of, for an hour", taken: 10 * time.Millisecond, failed: 61 * time.Minute, status: 500, streams: []string{"b"}, want: 1},
		{name: "another tenant", taken: 10 * time.Millisecond, failed: time.Minute, status: 400, tenant: "other"},
		{name: "several streams", taken: 10 * time.Millisecond, failed: time.Minute, status: 500, streams: []string{"a", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &lokiExporter{}
			if tt.taken > 0 {
				e.known.accepted("", []string{"a"}, now.Add(-tt.taken))
			}
			r := &request{tenant: tt.tenant, streams: tt.streams}
			if r.streams == nil {
				r.streams = []string{"a"}
			}
			if tt.failed > 0 {
				r.lastFailed, r.firstFailed = now.Add(-tt.failed), now.Add(-tt.failed)
			}
			e.suspect(r, &answer{verdict: suspicious, status: tt.status}, now)
			assert.Equal(t, tt.want, r.blamed)
			assert.Equal(t, 1, r.failures)
			assert.Equal(t, now, r.lastFailed)
		})
	}
}
