// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import "go.opentelemetry.io/collector/pdata/pcommon"

// mergeAttributes adds what is missing in to, and with override replaces what is there.
func mergeAttributes(to, from pcommon.Map, override bool) {
	if to.Len() == 0 {
		from.CopyTo(to)
		return
	}
	for name, value := range from.All() {
		if existing, found := to.GetOrPutEmpty(name); !found || override {
			value.CopyTo(existing)
		}
	}
}

// mergeSchemaURL keeps the first that is given: there is no translation from one version to another.
func mergeSchemaURL(first, second string) string {
	if first == "" {
		return second
	}
	return first
}
