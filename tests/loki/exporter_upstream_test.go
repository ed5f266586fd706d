// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Without a section `labels` the exporter is the one that opentelemetry-collector-contrib had until v0.130.0.
func TestExporterAsItWasUpstream(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	service := attrs{"service.namespace": "shop", "service.name": "cart", "service.instance.id": "i-1"}
	// hinted is a record that says what becomes of it.
	hinted := func(body any, hints ...string) record {
		r := record{at: time.Time(now), body: body, level: plog.SeverityNumberInfo2, text: "Info2", attrs: attrs{"team": "a", "event.domain": "d"}}
		for i := 0; i < len(hints); i += 2 {
			r.attrs[hints[i]] = hints[i+1]
		}
		return r
	}
	defaults := labels{"exporter": "OTLP", "job": "shop/cart", "instance": "i-1", "level": "INFO2", "service_name": "shop/cart"}
	for _, c := range []struct {
		name, settings string
		record         record
		labels         labels
		line           string
	}{
		{"the defaults", "", hinted("x"), defaults,
			`{"body":"x","severity":"Info2","attributes":{"event.domain":"d","team":"a"},"resources":{"service.instance.id":"i-1","service.name":"cart","service.namespace":"shop"}}`},
		{"labels that are switched off", "default_labels_enabled: {exporter: false, level: false}", hinted("x", "loki.format", "raw"),
			labels{"job": "shop/cart", "instance": "i-1", "service_name": "shop/cart"}, "x"},
		{"labels of attributes, which leave the line", "", hinted("x", "loki.attribute.labels", "team, event.domain", "loki.resource.labels", "service.name"),
			labels{"exporter": "OTLP", "job": "shop/cart", "instance": "i-1", "level": "INFO2", "team": "a", "event_domain": "d", "service_name": "cart"},
			`{"body":"x","severity":"Info2","resources":{"service.instance.id":"i-1","service.namespace":"shop"}}`},
		{"logfmt", "", hinted(`msg=hi user="a b"`, "loki.format", "logfmt"), defaults,
			`msg=hi user="a b" severity=Info2 attribute_team=a attribute_event.domain=d resource_service.namespace=shop resource_service.name=cart resource_service.instance.id=i-1`},
		{"the body alone", "", hinted(attrs{"a": 1}, "loki.format", "raw"), defaults, `{"a":1}`},
		{"an unknown format is the body alone", "", hinted("x", "loki.format", "xml"), defaults, "x"},
		{"an attribute `level`", "", hinted("x", "loki.format", "raw", "level", "notice"), with(defaults, "level", "notice"), "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, c.settings)
			e.send(t, logs(t, resource{service, []record{c.record}}))
			got := e.outcome(t, tenant)
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			assert.Equal(t, c.labels, entries[0].Labels)
			if c.record.attrs["loki.format"] == "logfmt" {
				// Upstream has no order of attributes either.
				assert.Len(t, entries[0].Line, len(c.line), entries[0].Line)
			} else {
				assert.Equal(t, c.line, entries[0].Line)
			}
			assert.Len(t, entries[0].Metadata, 1, "none but what Loki adds, detected_level")
			got.Lines = nil
			assert.Equal(t, outcome{}.normal(), got.normal())
			assert.Equal(t, map[string]int{"204": 1}, e.requests(t))
		})
	}
	t.Run("a tenant of the resource, and one of the record", func(t *testing.T) {
		e := export(t, l, "default_labels_enabled: {level: false}")
		e.send(t, logs(t,
			resource{attrs{"service.name": "a", "loki.tenant": "owner", "owner": "hint-blue"}, []record{now.record(0, "x", attrs{"loki.format": "raw"})}},
			of("a", now.record(0, "y", attrs{"loki.tenant": "owner", "owner": "hint-green", "loki.format": "raw"}))))
		assert.Equal(t, []string{"x"}, lines(l.Query(t, "hint-blue", everything)))
		assert.Equal(t, []string{"y"}, lines(l.Query(t, "hint-green", everything)))
		assert.Equal(t, map[string]int{"204": 2}, e.requests(t))
	})
	t.Run("a tenant that cannot be reached holds up no other, and nothing is sent twice", func(t *testing.T) {
		l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{"down": {"block_ingestion_until": "2100-01-01T00:00:00Z"}}})
		e := export(t, l, "")
		held := e.begin(t, logs(t,
			resource{attrs{"loki.tenant": "owner", "owner": "down"}, []record{now.record(0, "x")}},
			resource{attrs{"loki.tenant": "owner", "owner": "up"}, []record{now.record(0, "y", attrs{"loki.format": "raw"})}}))
		e.waitRequests(t, "260", 10)
		assert.False(t, held.isDone())
		assert.Equal(t, []string{"y"}, lines(l.Query(t, "up", everything)))
		assert.Equal(t, 1, e.requests(t)["204"])
	})
}
