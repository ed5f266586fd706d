// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

const (
	ok          = componentstatus.StatusOK
	recoverable = componentstatus.StatusRecoverableError
)

func TestATroubleIsNamedOnceAndEndsOnce(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	e.send(t, service(t, "a", rec{body: "x"}))
	assert.Empty(t, h.statuses())
	assert.Empty(t, e.everything())

	loki.SetFault(lokifake.Fault{Status: 503, Body: "ingesters are\nfull", Times: 50})
	e.send(t, service(t, "a", rec{body: "y"}))
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
	require.EqualError(t, h.events[0].Err(), "HTTP 503 Service Unavailable: ingesters are full")
	entries := e.logs.All()
	require.Len(t, entries, 2)
	assert.Equal(t, zapcore.WarnLevel, entries[0].Level)
	assert.Equal(t, "Loki does not take the logs. They wait and are sent again", entries[0].Message)
	assert.Equal(t, "503", entries[0].ContextMap()["status"])
	assert.Equal(t, "ingesters are full", entries[0].ContextMap()["answer"])
	assert.Equal(t, loki.PushURL(), entries[0].ContextMap()["endpoint"])
	assert.Equal(t, zapcore.InfoLevel, entries[1].Level)
	assert.Equal(t, "Loki takes the logs again", entries[1].Message)
	assert.Zero(t, e.sum(t, "waiting_requests"))
}

func TestATroubleThatChangesIsNamedAgain(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	var faults []lokifake.Fault
	for range 5 { // It comes and goes.
		faults = append(faults, lokifake.Fault{Status: 503, Times: 2}, lokifake.Fault{Status: 401, Times: 2}, lokifake.Fault{Disconnect: true, Times: 1})
	}
	loki.SetFault(faults...)
	e.send(t, service(t, "a", rec{body: "x"}))
	var named []any
	for _, entry := range e.logs.FilterLevelExact(zapcore.WarnLevel).All() {
		named = append(named, entry.ContextMap()["status"])
	}
	assert.Equal(t, []any{"503", "401", "transport"}, named, "each once a minute")
	assert.Equal(t, []componentstatus.Status{recoverable, recoverable, recoverable, ok}, h.statuses())
}

func TestATroubleThatComesAndGoesIsNotNamedEachTime(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	for range 10 {
		loki.SetFault(lokifake.Fault{Status: 503, Times: 3})
		e.send(t, service(t, "a", rec{body: "x"}))
	}
	assert.Len(t, e.said(zapcore.WarnLevel), 1)
	assert.Len(t, e.logs.FilterMessage("Loki takes the logs again").All(), 1)
	assert.Equal(t, slices.Repeat([]componentstatus.Status{recoverable, ok}, 10), h.statuses(), "the status is always true")
}

// One of several tenants in trouble is a trouble until it is over.
func TestTheTroubleOfOneTenant(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	loki.SetFault(lokifake.Fault{Tenant: "bad", Status: 429, Body: rateText})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	ld := logsOf(t, attrs{"__tenant_id__": "bad"}, rec{body: "x"})
	appendLogs(t, ld, attrs{"__tenant_id__": "good"}, rec{body: "y"})
	s := e.begin(context.Background(), ld)
	loki.WaitEntries(t, 1, patience)
	require.Eventually(t, func() bool { return e.sum(t, "waiting_requests", "status", "429") == 1 }, patience, time.Millisecond)
	e.send(t, logsOf(t, attrs{"__tenant_id__": "good"}, rec{body: "z"}))
	assert.Equal(t, []componentstatus.Status{recoverable}, h.statuses())
	assert.Equal(t, "bad", e.logs.FilterLevelExact(zapcore.WarnLevel).All()[0].ContextMap()["tenant"])
	loki.ClearFault()
	require.NoError(t, s.wait(t))
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
}

// A call that gives up leaves the trouble behind; the next success ends it.
func TestATroubleEndsWithTheNextSuccess(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{Status: 503})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	ctx, cancel := context.WithCancel(context.Background())
	s := e.begin(ctx, service(t, "a", rec{body: "x"}))
	require.Eventually(t, func() bool { return len(h.statuses()) > 0 }, patience, time.Millisecond)
	cancel()
	require.Error(t, s.wait(t))
	assert.Equal(t, []componentstatus.Status{recoverable}, h.statuses())
	assert.Zero(t, e.sum(t, "waiting_requests"))
	loki.ClearFault()
	e.send(t, service(t, "a", rec{body: "y"}))
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
}

func TestATroubleEndsWhenLokiRefusesEntriesAgain(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 10}})
	loki.SetFault(lokifake.Fault{Status: 503, Times: 5})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	e.send(t, service(t, "a", rec{body: "a line too long"}))
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
	assert.Len(t, e.logs.FilterMessage("Loki takes the logs again").All(), 1)
}

// A stream that does not pass is a trouble, also while the rest of the batch passes.
func TestAPoisonedEntryIsOneTrouble(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(onLine("poison", lokifake.Fault{Status: 500, Body: poisonText}))
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	records := numbered("x", 64)
	records[40].body = "poison"
	e.send(t, service(t, "a", records...))
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
	assert.Len(t, e.logs.FilterMessageSnippet("does not take").All(), 1)
	assert.Len(t, e.logs.FilterMessage("Loki takes the logs again").All(), 1)
}

func TestATroubleThatLastsIsNamedEveryMinute(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	builder, err := metadata.NewTelemetryBuilder(telemetry.NewTelemetrySettings())
	require.NoError(t, err)
	h := &host{}
	ts := &troubles{logger: zap.New(core), telemetry: builder, host: h}
	ctx := context.Background()
	a := judge(503, nil, "")
	var one, two trouble
	for range 10 {
		ts.begin(ctx, &one, "", &a)
		ts.begin(ctx, &two, "", &a)
	}
	assert.Len(t, logs.All(), 1)
	ts.began, ts.said["503"] = ts.began.Add(-sayAgain), ts.said["503"].Add(-sayAgain)
	ts.begin(ctx, &one, "", &a)
	require.Len(t, logs.All(), 2)
	last := logs.All()[1].ContextMap()
	assert.Equal(t, sayAgain, last["for"])
	assert.EqualValues(t, 2, last["waiting_requests"])
	ts.end(ctx, &one)
	assert.Len(t, logs.All(), 2, "the other one still waits")
	ts.end(ctx, &two)
	assert.Len(t, logs.All(), 3)
	ts.end(ctx, &two)
	ts.leave(ctx, &two)
	assert.Len(t, logs.All(), 3)
	assert.Zero(t, ts.waiting)
	require.NoError(t, telemetry.Shutdown(ctx))
}

func TestManyCallsInTrouble(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	h := &host{}
	e, _ := runOn(t, h, loki.URL(), noQueue)
	loki.SetFault(lokifake.Fault{Status: 503})
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			assert.NoError(t, e.ConsumeLogs(context.Background(), service(t, fmt.Sprint(i), rec{body: "x"})))
		})
	}
	require.Eventually(t, func() bool { return e.sum(t, "waiting_requests", "status", "503") == 20 }, patience, time.Millisecond)
	loki.ClearFault()
	calls.Wait()
	assert.Equal(t, []componentstatus.Status{recoverable, ok}, h.statuses())
	assert.Len(t, e.logs.All(), 2)
	e.assertCounts(t, 20, nil)
}

func TestConcurrentCallsShareNothing(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true, Limits: lokifake.Limits{LineBytes: 100, RateBytes: -1}})
	e, _ := runOn(t, &host{}, loki.URL(), noQueue)
	loki.SetFault(lokifake.Fault{Status: 500, Body: "empty ring", Times: 30}, lokifake.Fault{Disconnect: true, Times: 10})
	const callers, batches, records = 8, 10, 5
	var calls sync.WaitGroup
	for caller := range callers {
		calls.Go(func() {
			for batch := range batches {
				ld := plog.NewLogs()
				for tenant := range 3 {
					rs := numbered(fmt.Sprintf("%d-%d-%d", caller, batch, tenant), records)
					rs[2].body = rs[2].body.(string) + string(make([]byte, 100))
					appendLogs(t, ld, attrs{"__tenant_id__": fmt.Sprint("t", tenant), "service.name": fmt.Sprint(caller % 4)}, rs...)
				}
				assert.NoError(t, e.ConsumeLogs(context.Background(), ld))
			}
		})
	}
	calls.Wait()
	const all = callers * batches * 3
	assert.Equal(t, all*(records-1), loki.Count())
	e.assertCounts(t, all*(records-1), map[string]int{"line_too_long": all})
}
