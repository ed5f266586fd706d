// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import "errors"

// reasonTenant is why an entry is refused whose tenant Loki cannot have.
const reasonTenant = "invalid_tenant"

var (
	errTenantLong   = errors.New("must be at most 150 bytes long")
	errTenantDots   = errors.New("must not be `.` or `..`")
	errTenantSymbol = errors.New("must be made of letters, digits and !-_.*'()")
)

// checkTenant refuses what Loki refuses (grafana/dskit, tenant.ValidTenantID):
// such a request would never pass.
func checkTenant(tenant string) error {
	switch {
	case len(tenant) > 150:
		return errTenantLong
	case tenant == "." || tenant == "..":
		return errTenantDots
	}
	for i := range len(tenant) {
		switch c := tenant[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '!' || c == '-' || c == '_' || c == '.' || c == '*' || c == '\'' || c == '(' || c == ')':
		default:
			return errTenantSymbol
		}
	}
	return nil
}
