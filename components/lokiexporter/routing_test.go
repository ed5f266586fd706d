// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestTenants(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	e := run(t, loki.URL(), "labels: {profile: none}\ntenant: {value: default}")
	ld := logsOf(t, attrs{"__tenant_id__": "red"}, rec{body: "of the resource"}, rec{body: "of the resource too", attrs: attrs{"__tenant_id__": "green"}})
	appendLogs(t, ld, nil, rec{body: "none"}, rec{body: "of the record", attrs: attrs{"__tenant_id__": "green"}},
		rec{body: "a number", attrs: attrs{"__tenant_id__": 42}}, rec{body: "empty", attrs: attrs{"__tenant_id__": ""}},
		rec{body: "hinted", attrs: attrs{"loki.tenant": "customer", "customer": "blue", "__tenant_id__": "green"}})
	appendLogs(t, ld, attrs{"__tenant_id__": ""}, rec{body: "empty too"})
	e.send(t, ld)
	for tenant, want := range map[string][]string{
		"red": {"of the resource", "of the resource too"}, "green": {"of the record"}, "42": {"a number"}, "blue": {"hinted"},
		"default": {"none", "empty", "empty too"},
	} {
		assert.Equal(t, want, linesOf(loki.Entries(tenant)), tenant)
	}
	for _, entry := range loki.Entries("") {
		assert.Empty(t, entry.Meta("tenant_id"))
		assert.Empty(t, entry.Meta("_tenant_id_"))
		assert.Len(t, entry.Labels, 1)
	}
}

func TestTenantsOfAnotherAttribute(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	e := run(t, loki.URL(), "labels: {profile: none}\ntenant: {value: default, attribute: k8s.namespace.name}")
	ld := logsOf(t, attrs{"k8s.namespace.name": "shop"}, rec{body: "x"})
	appendLogs(t, ld, attrs{"__tenant_id__": "red"}, rec{body: "y"})
	e.send(t, ld)
	assert.Equal(t, []string{"x"}, linesOf(loki.Entries("shop")))
	assert.Equal(t, "shop", loki.Entries("shop")[0].Meta("k8s_namespace_name"), "an attribute that may be sent stays one")
	assert.Equal(t, []string{"y"}, linesOf(loki.Entries("default")))
}

func TestTenantsThatLokiCannotHave(t *testing.T) {
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	e := run(t, loki.URL(), "labels: {profile: none}\ntenant: {value: default}")
	ld := logsOf(t, nil, rec{body: "good"})
	bad := []string{"a|b", "a/b", "a:b", ".", "..", "ä", "a b", strings.Repeat("x", 151), "a\r\nX-Evil: 1"}
	for _, tenant := range bad {
		appendLogs(t, ld, attrs{"__tenant_id__": tenant}, rec{body: "for " + tenant})
	}
	appendLogs(t, ld, nil, rec{body: "good too"})
	e.send(t, ld)
	assert.Equal(t, []string{"good", "good too"}, linesOf(loki.Entries("")))
	e.assertCounts(t, 2, map[string]int{"invalid_tenant": len(bad)})
	for _, r := range loki.Requests() {
		assert.Equal(t, 204, r.Status)
	}
}
