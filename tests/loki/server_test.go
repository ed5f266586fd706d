// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRestartKeepsThePortAndWhatIsStored(t *testing.T) {
	l := StartLoki(t, Options{})
	address := l.URL()
	now := clock(time.Now())
	for i, end := range map[string]func(){"kept over a stop": l.Stop, "kept over a kill": func() { l.Kill(t) }} {
		require.Equal(t, 204, l.PushStreams(t, "", stream(`{test="restart"}`, now.entry(i))).Status)
		end()
		_, err := l.TryQuery("", `{test="restart"}`)
		var down net.Error
		require.ErrorAs(t, err, &down)
		l.Restart(t)
		assert.Equal(t, address, l.URL())
	}
	assert.ElementsMatch(t, []string{"kept over a stop", "kept over a kill"}, lines(l.Query(t, "", `{test="restart"}`)))
	l.Stop()
	l.Stop()
}

func TestLimitsForAll(t *testing.T) {
	l := StartLoki(t, Options{Limits: map[string]any{"discover_service_name": []string{}, "max_line_size": "1KB"}})
	now := clock(time.Now())
	require.Equal(t, 204, l.PushStreams(t, "", stream(`{test="limits"}`, now.entry("x"))).Status)
	assert.Equal(t, []map[string]string{{"test": "limits"}}, l.Series(t, "", `{test="limits"}`))
	assert.Contains(t, l.PushStreams(t, "", stream(`{test="limits"}`, now.entry(string(make([]byte, 1025))))).Body, "max entry size '1024' bytes exceeded")
}

func TestLimitsThatChange(t *testing.T) {
	type limits = map[string]map[string]any
	l := StartLoki(t, Options{MultiTenant: true, Tenants: limits{"a": {"max_line_size": "1KB"}}, Sections: limits{"distributor": {"max_recv_msg_size": 1000}}})
	long := stream(`{test="limits"}`, StreamEntry{Timestamp: time.Now(), Line: string(make([]byte, 2000))})
	assert.Equal(t, 400, l.PushStreams(t, "a", long).Status)
	l.SetTenants(t, limits{"b": {"max_line_size": "1KB"}})
	eventually(t, visibleTimeout, "the limits to be others", func() bool { return l.PushStreams(t, "a", long).Status == 204 }, l.Output)
	assert.Equal(t, 400, l.PushStreams(t, "b", long).Status)
	assert.Equal(t, 413, l.Push(t, "c", protobufType, snappyEncoding, make([]byte, 1001)).Status)
	assert.Equal(t, map[string]int{"line_too_long": 1}, l.Discarded(t, "b"))
	assert.Empty(t, l.Discarded(t, "c"))
}

func TestCountsOfLines(t *testing.T) {
	l := SharedLoki(t)
	now := clock(time.Now())
	name := Unique(t)
	require.Equal(t, 204, l.PushStreams(t, "", stream(`{test="`+name+`", app="a"}`, now.entry("x"), now.entry("y")), stream(`{test="`+name+`"}`, now.entry("z"))).Status)
	assert.Equal(t, map[string]float64{"a": 2, "": 1}, l.Count(t, "", "app", `sum by (app) (count_over_time({test="`+name+`"}[1h]))`))
}

func TestSharedLokiIsOne(t *testing.T) {
	l := SharedLoki(t)
	assert.Same(t, l, SharedLoki(t))
	assert.Equal(t, l.URL()+"/loki/api/v1/push", l.PushURL())
	parsed, err := url.Parse(l.URL())
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1", parsed.Hostname())
}

func TestUniqueNames(t *testing.T) {
	t.Run("with/any thing: "+strings.Repeat("é long ", 40), func(t *testing.T) {
		first, second := Unique(t), Unique(t)
		assert.NotEqual(t, first, second)
		assert.Regexp(t, `^TestUniqueNames-with-any-thing-[a-zA-Z0-9-]{1,80}$`, first)
	})
}

func TestWaitEntriesSeesWhatComesLater(t *testing.T) {
	l := SharedLoki(t)
	now := clock(time.Now())
	labels := `{test="` + Unique(t) + `"}`
	pushed := make(chan struct{})
	asked := 0
	entries := l.WaitEntries(t, "", labels, func(entries []Entry) bool {
		if asked++; asked == 1 {
			go func() {
				defer close(pushed)
				_, _ = l.post(pushPath, pushHeader("", protobufType, snappyEncoding), Encode(stream(labels, now.entry("a"), now.at(1, "b"))))
			}()
		}
		return AtLeast(2)(entries)
	})
	<-pushed
	assert.Equal(t, []string{"a", "b"}, lines(entries))
	assert.Greater(t, asked, 1)
}

func TestQueryThatLokiRefuses(t *testing.T) {
	l := SharedLoki(t)
	_, err := l.TryQuery("", `{test=`)
	require.ErrorContains(t, err, "query {test=: got 400: parse error")
	_, err = l.TryQuery("", `count_over_time({test="x"}[1h])`)
	require.ErrorContains(t, err, `got a result of type "matrix", want lines`)
}
