// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestEntriesAsStored(t *testing.T) {
	server := start(t, lokifake.Options{})
	status, _ := newSender(t, server).push(stream(`{pod="p",app="web",empty=""}`, at(time.Nanosecond, "line", "z", "1", "a.b", "2")))
	require.Equal(t, 204, status)
	entries := server.WaitEntries(t, 1, patience)
	assert.Equal(t, []lokifake.Entry{{
		Tenant:      lokifake.SingleTenant,
		Labels:      map[string]string{"app": "web", "pod": "p", "service_name": "web"},
		LabelString: `{pod="p",app="web",empty=""}`,
		Timestamp:   noon.Add(time.Nanosecond),
		Line:        "line",
		Metadata:    []lokifake.Pair{{Name: "a_b", Value: "2"}, {Name: "z", Value: "1"}},
	}}, entries)
	assert.Equal(t, "2", entries[0].Meta("a_b"))
	assert.Empty(t, entries[0].Meta("a.b"))
}

func TestSeriesAreSorted(t *testing.T) {
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	for _, labels := range []string{`{service_name="b"}`, `{service_name="a", x="1"}`, `{x="1", service_name="a"}`} {
		status, _ := client.push(stream(labels, now("x")))
		require.Equal(t, 204, status)
	}
	assert.Equal(t, []map[string]string{{"service_name": "a", "x": "1"}, {"service_name": "b"}}, server.Series(lokifake.SingleTenant))
}

func TestRequestsTellAlsoOfRefusals(t *testing.T) {
	server := start(t, lokifake.Options{MultiTenant: true})
	client := newSender(t, server).with("X-Scope-OrgID", "team").with("User-Agent", "tests")
	body := encode(t, stream(`{job="a"}`, now("x"), now("y")), stream(`{b.c="d"}`, now("z")))
	status, text := client.post(body)
	require.Equal(t, 400, status)

	requests := server.WaitForRequests(t, patience, "an answer", func(r []lokifake.Request) bool { return len(r) == 1 && r[0].Status != 0 })
	request := requests[0]
	assert.Equal(t, "team", request.Tenant)
	assert.Equal(t, "tests", request.Header.Get("User-Agent"))
	assert.Equal(t, 400, request.Status)
	assert.Equal(t, text, request.Answer+"\n")
	assert.Equal(t, len(body), request.WireBytes)
	assert.Equal(t, sizeOf(t, body), request.Bytes)
	assert.Equal(t, []string{`{job="a"}`, `{b.c="d"}`}, request.Streams)
	assert.Equal(t, []string{"x", "y", "z"}, request.Lines)
	assert.False(t, request.Faulted)
}

func TestServerComesBackAtItsAddress(t *testing.T) {
	first := start(t, lokifake.Options{})
	client := newSender(t, first)
	body := encode(t, stream(`{job="a"}`, now("x")))
	status, _ := client.post(body)
	require.Equal(t, 204, status)

	first.Stop()
	_, err := client.try(body)
	require.Error(t, err)
	assert.Equal(t, 1, first.Count(), "what was stored stays readable")
	first.Stop()

	second := lokifake.StartAt(t, first.URL(), lokifake.Options{Now: func() time.Time { return noon }})
	assert.Equal(t, first.URL(), second.URL())
	assert.Zero(t, second.Count())
	status, _ = client.post(body)
	assert.Equal(t, 204, status)
	assert.Equal(t, 1, second.Count())
}

func TestOnlyLoopbackAddresses(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "example.org:1", "nonsense"} {
		assert.NotEmpty(t, failureOf(t, func(t testing.TB) { lokifake.StartAt(t, addr, lokifake.Options{}) }), addr)
	}
}

func TestConcurrentSenders(t *testing.T) {
	const senders, pushes = 8, 20
	server := start(t, lokifake.Options{})
	client := newSender(t, server)
	var work sync.WaitGroup
	for i := range senders {
		work.Go(func() {
			for j := range pushes {
				_, err := client.try(encode(t, stream(fmt.Sprintf(`{job="%d"}`, i), at(time.Duration(j), fmt.Sprintf("%d-%d", i, j)))))
				assert.NoError(t, err)
			}
		})
	}
	entries := server.WaitEntries(t, senders*pushes, patience)
	work.Wait()
	next := map[string]int{}
	for _, entry := range entries {
		job := entry.Labels["job"]
		assert.Equal(t, fmt.Sprintf("%s-%d", job, next[job]), entry.Line, "each stream is in order")
		next[job]++
	}
	assert.Len(t, next, senders)
}

func TestWaitsSayWhatWasSeen(t *testing.T) {
	server := start(t, lokifake.Options{})
	status, _ := newSender(t, server).push(stream(`{job="a"}`, now("only line")))
	require.Equal(t, 204, status)
	assert.Equal(t, "timed out after 1ms waiting for 2 entries: 1 entries were stored of 1 requests, 0 of which were faulted; "+
		`the last entry is "only line" of stream {job="a"}; the last request had 1 lines and was answered 204 ""`,
		failureOf(t, func(t testing.TB) { server.WaitEntries(t, 2, time.Millisecond) }))
	assert.Contains(t, failureOf(t, func(t testing.TB) {
		server.WaitFor(t, time.Millisecond, "the impossible", func([]lokifake.Entry) bool { return false })
	}), "waiting for the impossible")
}
