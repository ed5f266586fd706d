// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestDeliveredAtTheFirstAttempt(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a", numbered("x", 3)...))
	assert.Equal(t, []string{"x-000", "x-001", "x-002"}, linesOf(loki.Entries("")))
	assert.Len(t, loki.Requests(), 1)
	assert.Equal(t, 1, e.sum(t, "requests", "status", "204"))
	assert.Equal(t, loki.Requests()[0].WireBytes, e.sum(t, "request_size"))
	e.assertCounts(t, 3, nil)
	assert.Empty(t, e.said(zapcore.WarnLevel))
}

func TestAnEmptyBatchSendsNothing(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a"))
	assert.Empty(t, loki.Requests())
}

// Whatever the answer, as long as Loki refuses no entry for good: the data waits and
// arrives once.
func TestWhatIsTriedAgainUntilItPasses(t *testing.T) {
	t.Parallel()
	const often = 20
	for _, tt := range []struct {
		name  string
		fault lokifake.Fault
		// status is the value of the metric's attribute.
		status string
	}{
		{"the tenant is too fast", lokifake.Fault{Status: 429, Body: rateText}, "429"},
		{"one stream too many", lokifake.Fault{Status: 429, Body: streamLimitText}, "429"},
		{"the stream is too fast", lokifake.Fault{Status: 429, Body: streamRateEntry + strings.Replace(streamRateEnd, "12 out of 12", "1 out of 1", 1)}, "429"},
		{"internal trouble", lokifake.Fault{Status: 500, Body: "rpc error: code = Unknown desc = empty ring"}, "500"},
		{"unavailable", lokifake.Fault{Status: 503}, "503"},
		{"a gateway's trouble", lokifake.Fault{Status: 502, Body: "<html>"}, "502"},
		{"a timeout behind a gateway", lokifake.Fault{Status: 504}, "504"},
		{"the connection breaks", lokifake.Fault{Disconnect: true}, "transport"},
		{"the answer gets lost", lokifake.Fault{Disconnect: true, Store: true}, "transport"},
		{"it is stored and then fails", lokifake.Fault{Status: 500, Store: true}, "500"},
		{"ingestion is blocked", lokifake.Fault{Status: 260, Body: blockedText}, "260"},
		{"ingestion is blocked with a bad status", lokifake.Fault{Status: 400, Body: blockedText}, "400"},
		{"unauthorized", lokifake.Fault{Status: 401, Body: "no org id"}, "401"},
		{"forbidden", lokifake.Fault{Status: 403}, "403"},
		{"not found", lokifake.Fault{Status: 404, Body: "404 page not found"}, "404"},
		{"wrong method", lokifake.Fault{Status: 405}, "405"},
		{"a redirection without a target", lokifake.Fault{Status: 302}, "302"},
		{"not modified", lokifake.Fault{Status: 304}, "304"},
		{"a 400 that is not Loki's", lokifake.Fault{Status: 400, Body: "parse error: bad"}, "400"},
		{"a 422", lokifake.Fault{Status: 422, Body: "error at least one valid stream is required for ingestion"}, "422"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			loki.SetFault(tt.fault)
			records := numbered("x", 5)
			s := e.begin(context.Background(), service(t, "a", records...))
			loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) >= often })
			assert.True(t, s.waits())
			assert.Empty(t, e.letters(t))
			assert.Zero(t, e.sum(t, "delivered_log_records"))
			assert.GreaterOrEqual(t, e.sum(t, "requests", "status", tt.status), often-1)
			require.Eventually(t, func() bool { return e.sum(t, "waiting_requests", "status", tt.status) == 1 }, patience, time.Millisecond)

			loki.ClearFault()
			require.NoError(t, s.wait(t))
			assert.ElementsMatch(t, bodies(records), linesOf(loki.Entries("")), "each once")
			if status := tt.fault.Status; !decisive(status) {
				assert.Equal(t, bodies(records), linesOf(loki.Entries("")), "in order, however long it lasts")
			}
			e.assertCounts(t, 5, nil)
			warnings := e.said(zapcore.WarnLevel)
			require.Len(t, warnings, 1)
			assert.Equal(t, tt.status, e.logs.FilterLevelExact(zapcore.WarnLevel).All()[0].ContextMap()["status"])
		})
	}
}

func TestLokiGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a", rec{body: "before"}))
	loki.Stop()
	s := e.begin(context.Background(), service(t, "a", rec{body: "while it is away"}))
	require.Eventually(t, func() bool { return e.sum(t, "requests", "status", "transport") > 5 }, patience, time.Millisecond)
	assert.True(t, s.waits())
	again := lokifake.StartAt(t, loki.URL(), lokifake.Options{})
	require.NoError(t, s.wait(t))
	e.send(t, service(t, "a", rec{body: "after"}))
	assert.Equal(t, []string{"while it is away", "after"}, linesOf(again.Entries("")))
	e.assertCounts(t, 3, nil)
}

func TestALoginPageIsNoSuccess(t *testing.T) {
	t.Parallel()
	var login atomic.Bool
	login.Store(true)
	loki := lokifake.Start(t, lokifake.Options{})
	asked := make(chan struct{}, 1000)
	gateway := proxyTo(t, loki.URL(), func(w http.ResponseWriter, _ *http.Request) bool {
		asked <- struct{}{}
		if login.Load() {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>Sign in</html>")
		}
		return login.Load()
	})
	e := run(t, gateway, byService)
	s := e.begin(context.Background(), service(t, "a", rec{body: "x"}))
	require.Eventually(t, func() bool { return len(asked) > 5 }, patience, time.Millisecond)
	assert.True(t, s.waits())
	login.Store(false)
	require.NoError(t, s.wait(t))
	assert.Equal(t, []string{"x"}, linesOf(loki.Entries("")))
	assert.Contains(t, e.everything(), "the answer is a web page")
}

func TestRedirections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		// followed: the same request goes to the new address.
		followed bool
	}{
		{"moved permanently would become a GET", 301, false},
		{"found would become a GET", 302, false},
		{"see other would become a GET", 303, false},
		{"temporary is followed", 307, true},
		{"permanent is followed", 308, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			var moved atomic.Bool
			moved.Store(true)
			asked := make(chan struct{}, 1000)
			gateway := proxyTo(t, loki.URL(), func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost {
					w.WriteHeader(http.StatusNoContent) // As if it were a success.
					return true
				}
				if r.URL.Path == "/new" {
					r.URL.Path = pushPath
					return false
				}
				asked <- struct{}{}
				if moved.Load() {
					http.Redirect(w, r, "/new", tt.status)
				}
				return moved.Load()
			})
			e := run(t, gateway, byService)
			s := e.begin(context.Background(), service(t, "a", rec{body: "x"}))
			if tt.followed {
				require.NoError(t, s.wait(t))
				assert.Len(t, asked, 1)
			} else {
				require.Eventually(t, func() bool { return len(asked) > 5 }, patience, time.Millisecond)
				assert.True(t, s.waits())
				assert.Empty(t, loki.Requests(), "nothing but a push arrives")
				moved.Store(false)
				require.NoError(t, s.wait(t))
			}
			assert.Equal(t, []string{"x"}, linesOf(loki.Entries("")))
			e.assertCounts(t, 1, nil)
		})
	}
}

func TestACircleOfRedirectionsIsNotFollowedForEver(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/loki/api/v1/push", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	e := run(t, server.URL, byService+"retry_on_failure::enabled: false")
	require.ErrorContains(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "x"})), "HTTP 307")
	assert.LessOrEqual(t, asked.Load(), int64(6))
}

func TestARequestThatIsTooLargeIsCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options lokifake.Options
	}{
		{"for the server", lokifake.Options{Limits: lokifake.Limits{BodyBytes: 600}}},
		{"between Loki's own parts", lokifake.Options{Limits: lokifake.Limits{ForwardBytes: 600}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, tt.options)
			e := run(t, loki.URL(), byService)
			records := numbered("x", 100)
			records[40].body = "x-040" + noise(2000)
			ld := service(t, "a", records...)
			appendLogs(t, ld, attrs{"service.name": "b"}, numbered("y", 10)...)
			e.send(t, ld)
			got := linesOf(loki.Entries(""))
			var xs, ys []string
			for _, line := range got {
				if strings.HasPrefix(line, "x") {
					xs = append(xs, line)
				} else {
					ys = append(ys, line)
				}
			}
			want := bodies(records)
			assert.Equal(t, append(want[:40:40], want[41:]...), xs, "all but the one that is too large alone, in order")
			assert.Len(t, ys, 10)
			e.assertCounts(t, 109, map[string]int{"request_body_too_large": 1})
			assert.Equal(t, []string{want[40]}, e.letterLines(t, "request_body_too_large"))
			assert.Less(t, len(loki.Requests()), 80)
		})
	}
}

func TestATooLargeAnswerToASmallRequestIsCutToo(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{Status: 413, When: func(p *lokifake.Push) bool { return len(p.Entries) > 3 }})
	e := run(t, loki.URL(), byService)
	records := numbered("x", 10)
	e.send(t, service(t, "a", records...))
	assert.Equal(t, bodies(records), linesOf(loki.Entries("")))
	e.assertCounts(t, 10, nil)
}

func TestGivingUpIsASetting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, yaml string }{
		{"no retries", "retry_on_failure: {enabled: false}"},
		{"some time", "retry_on_failure: {initial_interval: 1ms, max_interval: 1ms, max_elapsed_time: 20ms}"},
		{"a server that asks for more time than there is", "retry_on_failure: {initial_interval: 1ms, max_interval: 1ms, max_elapsed_time: 30s}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			loki.SetFault(lokifake.Fault{Status: 503, RetryAfter: map[bool]time.Duration{true: time.Minute}[strings.Contains(tt.name, "asks")]})
			config, err := load(t, byService+"sending_queue: {enabled: false}\nendpoint: "+loki.URL()+"\n"+tt.yaml)
			require.NoError(t, err)
			e := runConfig(t, config)
			require.ErrorContains(t, e.ConsumeLogs(context.Background(), service(t, "a", rec{body: "x"})), "HTTP 503")
			if tt.name != "some time" {
				assert.Len(t, loki.Requests(), 1)
			}
			assert.Zero(t, e.sum(t, "delivered_log_records"))
			assert.Zero(t, e.sum(t, "waiting_requests"))

			loki.ClearFault()
			e.send(t, service(t, "a", rec{body: "y"}))
			e.assertCounts(t, 1, nil)
		})
	}
}

func TestWhatPassedBeforeGivingUpIsDelivered(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(onLine("y-", lokifake.Fault{Status: 503}))
	config, err := load(t, byService+"sending_queue: {enabled: false}\nendpoint: "+loki.URL()+"\nretry_on_failure: {enabled: false}")
	require.NoError(t, err)
	e := runConfig(t, config)
	ld := service(t, "a", numbered("x", 3)...)
	appendLogs(t, ld, attrs{"service.name": "b"}, numbered("y", 3)...)
	require.ErrorContains(t, e.ConsumeLogs(context.Background(), ld), "HTTP 503")
	e.assertCounts(t, 3, nil)
	loki.ClearFault()
	e.send(t, ld)
	assert.Len(t, loki.Entries(""), 6)
}

func TestACancelledCallWasNotDelivered(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{Status: 503})
	e := run(t, loki.URL(), byService+"retry_on_failure::randomization_factor: 0")
	ctx, cancel := context.WithCancel(context.Background())
	s := e.begin(ctx, service(t, "a", rec{body: "x"}))
	loki.WaitForRequests(t, patience, "an attempt", func(r []lokifake.Request) bool { return len(r) > 0 })
	cancel()
	require.ErrorIs(t, s.wait(t), context.Canceled)
	e.assertCounts(t, 0, nil)

	loki.SetFault(lokifake.Fault{Delay: time.Hour})
	ctx, cancel = context.WithCancel(context.Background())
	s = e.begin(ctx, service(t, "a", rec{body: "x"}))
	asked := len(loki.Requests())
	loki.WaitForRequests(t, patience, "an attempt", func(r []lokifake.Request) bool { return len(r) > asked })
	cancel()
	require.ErrorIs(t, s.wait(t), context.Canceled)
	e.assertCounts(t, 0, nil)
	for _, entry := range e.logs.FilterMessageSnippet("Loki does not take the logs").All() {
		assert.Equal(t, "503", entry.ContextMap()["status"], "that the caller leaves is no trouble of Loki's")
	}
}

// After a success the pauses begin anew: the third one in a row would last for hours.
func TestPausesBeginAnewWithEachSuccess(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	config, err := load(t, byService+noQueue+"endpoint: "+loki.URL()+
		"\nretry_on_failure: {initial_interval: 1ms, multiplier: 10000, max_interval: 10h, randomization_factor: 0}\nmax_request_bytes: 65536")
	require.NoError(t, err)
	e := runConfig(t, config)
	// A request for each line, and each fails once.
	n := 0
	loki.SetFault(lokifake.Fault{Status: 503, When: func(*lokifake.Push) bool { n++; return n%2 == 1 }})
	records := numbered("x", 5)
	for i := range records {
		records[i].body = fmt.Sprint(records[i].body, strings.Repeat(" long", 10_000))
	}
	e.send(t, service(t, "a", records...))
	assert.Equal(t, bodies(records), linesOf(loki.Entries("")))
	assert.Equal(t, map[int]int{204: 5, 503: 5}, statuses(loki.Requests()))
}
