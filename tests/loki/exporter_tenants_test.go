// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExporterTenants(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	t.Run("each has its own lines", func(t *testing.T) {
		e := export(t, l, alloy+"\ntenant: {value: rest, attribute: team}")
		e.send(t, logs(t,
			resource{attrs{"service.name": "a", "team": "blue"}, []record{now.record(0, "of the resource"), now.record(1, "of both", attrs{"team": "green"})}},
			of("a", now.record(0, "of nobody"), now.record(2, "of the record", attrs{"team": "blue"}))))
		assert.Equal(t, []string{"of the resource", "of both", "of the record"}, lines(l.Query(t, "blue", everything)))
		assert.Equal(t, []string{"of nobody"}, lines(l.Query(t, "rest", everything)))
		// What the resource says holds for its records.
		assert.Empty(t, l.Query(t, "green", everything))
		assert.Equal(t, map[string]int{"204": 2}, e.requests(t))
	})
	t.Run("the attribute of Alloy, which is neither label nor metadata", func(t *testing.T) {
		e := export(t, l, star)
		e.send(t, logs(t, resource{attrs{"__tenant_id__": "alloys", "a": "1"}, []record{now.record(0, "x")}}))
		entries := l.Query(t, "alloys", everything)
		require.Len(t, entries, 1)
		assert.Equal(t, map[string]string{"a": "1", "service_name": "unknown_service"}, entries[0].Labels)
		assert.Equal(t, map[string]string{"detected_level": "unknown"}, entries[0].Metadata)
	})
	t.Run("a server without tenants takes them all", func(t *testing.T) {
		shared := SharedLoki(t)
		name := Unique(t)
		e := export(t, shared, alloy)
		e.send(t, logs(t, of(name, now.record(0, "none"), now.record(1, "some", attrs{"__tenant_id__": "some"}))))
		assert.Equal(t, []string{"none", "some"}, lines(shared.Query(t, "", labelsOf(name))))
	})

	impossible := map[string]string{
		"two": "a|b", "a slash": "a/b", "a colon, behind which Loki looks away": "a:b", "too long": strings.Repeat("x", 151),
		"a dot": ".", "two dots": "..", "another letter": "ä", "a blank": "a b",
	}
	t.Run("that cannot exist", func(t *testing.T) {
		e := exportAs(t, l, "good", alloy)
		resources := []resource{of("a", now.record(0, "neighbour"))}
		for name, tenant := range impossible {
			resources = append(resources, resource{attrs{"service.name": "a", "__tenant_id__": tenant}, []record{now.record(1, name)}})
		}
		e.send(t, logs(t, resources...))
		got := e.outcome(t, "good")
		assert.Equal(t, []string{"neighbour"}, got.Lines)
		assert.Equal(t, map[string]int{"204": 1}, e.requests(t), "nothing is sent for them")
		assert.Empty(t, l.Query(t, "a", everything))
		kept := map[string]string{}
		for _, letter := range e.deadLetters(t) {
			assert.Equal(t, "invalid_tenant", letter.Reason)
			kept[letter.Line] = letter.Tenant
		}
		assert.Equal(t, impossible, kept)
	})
	t.Run("that may be as long as 150 bytes, and has every character that is allowed", func(t *testing.T) {
		longest := "azAZ09!-_.*'()" + strings.Repeat("x", 136)
		e := export(t, l, alloy)
		e.send(t, logs(t, resource{attrs{"service.name": "a", "__tenant_id__": longest}, []record{now.record(0, "x")}}))
		assert.Equal(t, outcome{Lines: []string{"x"}}.normal(), e.outcome(t, longest))
	})
	t.Run("none where one is needed: the lines wait, and others go on", func(t *testing.T) {
		e := export(t, l, alloy)
		held := e.begin(t, logs(t, of("a", now.record(0, "x")), resource{attrs{"service.name": "a", "__tenant_id__": "known"}, []record{now.record(0, "y")}}))
		e.waitRequests(t, "401", 5)
		assert.False(t, held.isDone())
		assert.Equal(t, map[string]int{"401": 1}, e.counter(t, "waiting_requests"))
		e.send(t, logs(t, resource{attrs{"service.name": "a", "__tenant_id__": "known"}, []record{now.record(1, "z")}}))
		assert.Equal(t, []string{"y", "z"}, lines(l.Query(t, "known", everything)), "what has a tenant is not held up")
		held.cancel()
		eventually(t, sendTimeout, "the batch to be given up", held.isDone, func() string { return "it is held" })
		require.ErrorContains(t, <-held.done, "context canceled", "what is not delivered is not counted as delivered")
		assert.Empty(t, e.deadLetters(t))
		assert.Empty(t, e.counter(t, "waiting_requests"))
		assert.Equal(t, 2, e.delivered(t), "y was sent once")
	})
}
