// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"maps"
	"slices"
	"strings"
)

// checkVariables reports every place that needs a variable that is not set. Upstream takes the empty value,
// which shows up far away: as an exporter without credentials, or one that sends to nowhere.
func (k *check) checkVariables() {
	for _, name := range slices.Sorted(maps.Keys(k.missing)) {
		text := "the environment variable " + name + " is not set"
		hint := "set " + name + " or give a default with ${env:" + name + ":-value}"
		is := func(inner string) bool { return strings.TrimPrefix(inner, "env:") == name }
		if k.eachReference(is, text, hint) || k.commentOnly(is) {
			continue
		}
		if slices.ContainsFunc(k.failures, func(f failure) bool { return f.unset == name }) {
			continue
		}
		// The reference was itself the value of another reference.
		k.problems = append(k.problems, Problem{Text: text, Hint: hint})
	}
}
