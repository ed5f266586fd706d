// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestWhoseDataItIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, yaml string
		resource   attrs
		record     attrs
		want       string
	}{
		{name: "nobody's", want: ""},
		{name: "the configured tenant's", yaml: "tenant: {value: team}", want: "team"},
		{name: "of a header, as in the upstream exporter", yaml: "headers: {X-Scope-OrgID: team}", want: "team"},
		{name: "of a header in other letters", yaml: "headers: {x-scope-orgid: team}", want: "team"},
		{name: "of the resource", resource: attrs{"__tenant_id__": "red"}, want: "red"},
		{name: "the resource comes before the configuration", yaml: "tenant: {value: team}", resource: attrs{"__tenant_id__": "red"}, want: "red"},
		{name: "the resource comes before the header", yaml: "headers: {X-Scope-OrgID: team}", resource: attrs{"__tenant_id__": "red"}, want: "red"},
		{name: "of a record", yaml: "tenant: {value: team}", record: attrs{"__tenant_id__": "blue"}, want: "blue"},
		{name: "of an attribute that is configured", yaml: "tenant: {attribute: org}", resource: attrs{"org": "red", "__tenant_id__": "no"}, want: "red"},
		{name: "a number", resource: attrs{"__tenant_id__": 42}, want: "42"},
		{name: "an empty attribute says nothing", yaml: "tenant: {value: team}", resource: attrs{"__tenant_id__": ""}, want: "team"},
		{name: "of a hint", resource: attrs{"loki.tenant": "org", "org": "red"}, want: "red"},
		{name: "of a hint in a record", record: attrs{"loki.tenant": "org", "org": "blue"}, want: "blue"},
		{name: "all the letters that there are", resource: attrs{"__tenant_id__": "aZ09!-_.*'()"}, want: "aZ09!-_.*'()"},
		{name: "150 bytes", resource: attrs{"__tenant_id__": strings.Repeat("t", 150)}, want: strings.Repeat("t", 150)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{MultiTenant: tt.want != ""})
			e := run(t, loki.URL(), byService+tt.yaml)
			e.send(t, logsOf(t, tt.resource, rec{body: "x", attrs: tt.record}))
			requests := loki.Requests()
			require.Len(t, requests, 1)
			if tt.want == "" {
				assert.NotContains(t, requests[0].Header, "X-Scope-Orgid", "no header at all")
				return
			}
			assert.Equal(t, []string{tt.want}, requests[0].Header["X-Scope-Orgid"])
			got := loki.Entries(tt.want)
			require.Len(t, got, 1)
			for _, pair := range got[0].Metadata {
				assert.NotContains(t, pair.Name, "tenant_id", "routing data is not sent")
			}
		})
	}
}

func TestARequestForEachTenant(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	e := run(t, loki.URL(), byService+"tenant: {value: rest}")
	ld := logsOf(t, attrs{"service.name": "a"},
		rec{body: "1", attrs: attrs{"__tenant_id__": "red"}}, rec{body: "2"}, rec{body: "3", attrs: attrs{"__tenant_id__": "red"}})
	appendLogs(t, ld, attrs{"service.name": "a", "__tenant_id__": "blue"}, rec{body: "4"})
	e.send(t, ld)
	assert.Len(t, loki.Requests(), 3)
	assert.Equal(t, []string{"1", "3"}, linesOf(loki.Entries("red")))
	assert.Equal(t, []string{"2"}, linesOf(loki.Entries("rest")))
	assert.Equal(t, []string{"4"}, linesOf(loki.Entries("blue")))
	e.assertCounts(t, 4, nil)
}

// A tenant that fails neither delays the others nor makes their data come again.
func TestAFailingTenantConcernsNobodyElse(t *testing.T) {
	t.Parallel()
	for _, fault := range []lokifake.Fault{
		{Status: 401}, {Status: 429, Body: rateText}, {Status: 500}, {Status: 260, Body: blockedText}, {Disconnect: true}, {Delay: time.Hour},
	} {
		t.Run(judgeName(fault), func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
			e := run(t, loki.URL(), byService+"timeout: 1s")
			fault.Tenant = "bad"
			loki.SetFault(fault)
			ld := plog.NewLogs()
			for _, tenant := range []string{"a", "bad", "z"} {
				appendLogs(t, ld, attrs{"service.name": "s", "__tenant_id__": tenant}, numbered(tenant, 10)...)
			}
			s := e.begin(context.Background(), ld)
			loki.WaitEntries(t, 20, patience)
			loki.WaitForRequests(t, patience, "the tenant to fail again", func(r []lokifake.Request) bool { return len(r) > 3 })
			assert.True(t, s.waits())
			require.Eventually(t, func() bool { return e.sum(t, "delivered_log_records") == 20 }, patience, time.Millisecond)

			loki.ClearFault()
			require.NoError(t, s.wait(t))
			good := slices.DeleteFunc(loki.Requests(), func(r lokifake.Request) bool { return r.Tenant == "bad" })
			assert.Len(t, good, 2, "the others were sent once")
			e.assertCounts(t, 30, nil)
		})
	}
}

func judgeName(f lokifake.Fault) string {
	switch {
	case f.Disconnect:
		return "the connection breaks"
	case f.Delay > 0:
		return "no answer"
	}
	return http.StatusText(f.Status)
}

func TestTenantsThatCannotBe(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true})
	e := run(t, loki.URL(), byService+"tenant: {value: good}")
	bad := []string{"a/b", "a|b", "a|a", "a:b", strings.Repeat("t", 151), ".", "..", "日志", "with space", "a\nX-Other: b", "ä", "\xff"}
	ld := plog.NewLogs()
	for _, tenant := range bad {
		appendLogs(t, ld, attrs{"service.name": "s", "__tenant_id__": tenant}, rec{body: "of " + tenant, attrs: attrs{"k": "v"}})
		appendLogs(t, ld, attrs{"service.name": "s"}, rec{body: "neighbour of " + tenant})
	}
	e.send(t, ld)
	assert.Len(t, loki.Entries("good"), len(bad))
	for _, r := range loki.Requests() {
		assert.Equal(t, "good", r.Tenant)
	}
	e.assertCounts(t, len(bad), map[string]int{"invalid_tenant": len(bad)})
	for _, d := range e.letters(t) {
		assert.True(t, strings.HasPrefix(d.Line, "of "))
		assert.Equal(t, map[string]string{"k": "v"}, d.Metadata)
		assert.NotEmpty(t, d.Tenant)
	}
}

func TestATenantIsChecked(t *testing.T) {
	t.Parallel()
	for tenant, want := range map[string]error{
		"":                       nil,
		"team":                   nil,
		"...":                    nil,
		strings.Repeat("t", 150): nil,
		strings.Repeat("t", 151): errTenantLong,
		".":                      errTenantDots,
		"..":                     errTenantDots,
		"a|b":                    errTenantSymbol,
		"a:b":                    errTenantSymbol,
		"a/b":                    errTenantSymbol,
		"a\x00b":                 errTenantSymbol,
		"é":                      errTenantSymbol,
	} {
		assert.Equal(t, want, checkTenant(tenant), tenant)
	}
}

// A header that Loki refuses would make it refuse everything.
func TestATenantOfAHeaderIsChecked(t *testing.T) {
	t.Parallel()
	config := createDefaultConfig().(*Config)
	config.ClientConfig.Endpoint = "http://127.0.0.1:1"
	config.ClientConfig.Headers.Set(tenantHeader, "a|b")
	e, err := NewFactory().CreateLogs(context.Background(), exportertest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(context.Background(), componenttest.NewNopHost()), "the header X-Scope-OrgID must be made of letters")
	require.NoError(t, e.Shutdown(context.Background()))
}
