// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// tenantHint is the attribute whose value names the attribute that holds the tenant.
const tenantHint = "loki.tenant"

// isRouting tells whether an attribute says where records go and how they are written there, not what they are. The
// exporter takes it away; here it survives, listed or not. Losing the tenant would put a line where others read it.
func isRouting(name string) bool {
	// The names that Loki agents keep for themselves, `__tenant_id__` above all.
	if strings.HasPrefix(name, "__") {
		return true
	}
	// The hints of upstream's Loki exporter.
	switch name {
	case tenantHint, "loki.format", "loki.resource.labels", "loki.attribute.labels":
		return true
	}
	return false
}

// hintedTenant returns the name of the attribute that the tenant hint points at, empty without a hint.
func hintedTenant(attributes pcommon.Map) string {
	if hint, ok := attributes.Get(tenantHint); ok {
		return hint.Str()
	}
	return ""
}
