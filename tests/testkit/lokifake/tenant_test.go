// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestTenants(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header string
		status int
		want   string
		tenant string
	}{
		{name: "none", status: 401, want: "no org id\n"},
		{name: "plain", header: "team-a", status: 204, tenant: "team-a"},
		{name: "all legal signs", header: "aZ09!-_.*'()", status: 204, tenant: "aZ09!-_.*'()"},
		{name: "150 characters", header: strings.Repeat("t", 150), status: 204, tenant: strings.Repeat("t", 150)},
		{name: "151 characters", header: strings.Repeat("t", 151), status: 400, want: "tenant ID is too long: max 150 characters\n"},
		{name: "a slash", header: "a/b", status: 400, want: "tenant ID 'a/b' contains unsupported character '/'\n"},
		{name: "another letter", header: "ä", status: 400, want: "tenant ID 'ä' contains unsupported character 'Ã'\n"},
		{name: "a space inside", header: "a b", status: 400, want: "tenant ID 'a b' contains unsupported character ' '\n"},
		{name: "a dot alone", header: ".", status: 400, want: "tenant ID is '.' or '..'\n"},
		{name: "two tenants", header: "a|b", status: 400, want: "multiple org IDs present\n"},
		{name: "one tenant twice", header: "a|a", status: 204, tenant: "a"},
		{name: "a part behind a colon does not count", header: "a:x", status: 204, tenant: "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, lokifake.Options{MultiTenant: true})
			status, text := newSender(t, server).with("X-Scope-OrgID", tt.header).push(stream(`{job="a"}`, now("x")))
			assert.Equal(t, tt.status, status)
			assert.Equal(t, tt.want, text)
			if tt.tenant == "" {
				assert.Empty(t, server.Entries(""))
				return
			}
			assert.Equal(t, []string{"x"}, linesOf(server.Entries(tt.tenant)))
			assert.Empty(t, server.Entries("another"))
		})
	}
}

func TestTenantsDoNotShareStreams(t *testing.T) {
	server := start(t, lokifake.Options{MultiTenant: true})
	client := newSender(t, server)
	for _, tenant := range []string{"a", "b"} {
		status, _ := client.with("X-Scope-OrgID", tenant).push(stream(`{job="j", pod="`+tenant+`"}`, now("same")))
		assert.Equal(t, 204, status)
	}
	assert.Len(t, server.Entries(""), 2)
	assert.Equal(t, []map[string]string{{"job": "j", "pod": "b", "service_name": "j"}}, server.Series("b"))
	assert.Empty(t, server.Series("c"))
}

func TestSingleTenantIgnoresTheHeader(t *testing.T) {
	server := start(t, lokifake.Options{})
	status, _ := newSender(t, server).with("X-Scope-OrgID", "a|b").push(stream(`{job="j"}`, now("x")))
	assert.Equal(t, 204, status)
	assert.Len(t, server.Entries(lokifake.SingleTenant), 1)
}
