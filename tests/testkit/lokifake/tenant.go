// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"errors"
	"fmt"
	"strings"
)

// maxTenantBytes is the length of the longest tenant.
const maxTenantBytes = 150

// resolveTenant returns the one tenant that a header names. The header may name
// it several times, divided by "|", each with a part after a colon that does not
// count.
func resolveTenant(header string) (string, error) {
	names := strings.Split(header, "|")
	first, _, _ := strings.Cut(names[0], ":")
	if err := checkTenant(first); err != nil {
		return "", err
	}
	for _, other := range names[1:] {
		if other, _, _ := strings.Cut(other, ":"); other != first {
			return "", errors.New("multiple org IDs present")
		}
	}
	return first, nil
}

func checkTenant(name string) error {
	for i := range len(name) {
		if !tenantByte(name[i]) {
			return fmt.Errorf("tenant ID '%s' contains unsupported character '%c'", name, name[i])
		}
	}
	if len(name) > maxTenantBytes {
		return fmt.Errorf("tenant ID is too long: max %d characters", maxTenantBytes)
	}
	if name == "." || name == ".." {
		return errors.New("tenant ID is '.' or '..'")
	}
	return nil
}

func tenantByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("!-_.*'()", b) >= 0
}
