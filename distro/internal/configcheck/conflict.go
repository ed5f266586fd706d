// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/featuregate"
)

// refuseConflicts can be switched off by who lays one file over another on purpose.
var refuseConflicts = featuregate.GlobalRegistry().MustRegister(
	"tributary.refuseConflictingExporters",
	featuregate.StageBeta,
	featuregate.WithRegisterDescription("Refuses two configuration files that give the same key of an exporter different values. "+
		"When disabled, the later file wins silently, as in other Collector distributions."),
)

// checkConflicts reports exporters that two files define differently. Where logs are sent to is the one thing
// that must not depend on the order of two files. Values from the command line are meant to win.
func (k *check) checkConflicts() {
	if !refuseConflicts.IsEnabled() {
		return
	}
	exporters := &origin{kind: mapping}
	for _, s := range k.sources {
		if s.override {
			continue
		}
		section := k.build(s).fields["exporters"]
		if section == nil || section.kind != mapping {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(section.fields)) {
			if have, ok := exporters.fields[id]; ok {
				k.compare([]string{"exporters", id}, have, section.fields[id])
			}
		}
		exporters = merge(exporters, section)
	}
}

// compare reports every leaf that both trees have with different values.
func (k *check) compare(path []string, under, over *origin) {
	if under.kind == mapping && over.kind == mapping {
		for _, key := range slices.Sorted(maps.Keys(over.fields)) {
			if have, ok := under.fields[key]; ok {
				k.compare(append(slices.Clone(path), key), have, over.fields[key])
			}
		}
		return
	}
	// The same file may be given twice, and a mapping over an empty value loses nothing.
	if under.null || sameValue(under, over) {
		return
	}
	// An empty value over an empty mapping loses nothing either.
	if under.kind == mapping && len(under.fields) == 0 && over.null {
		return
	}
	secret := secretPath(path)
	has := cmp.Or(show(under, secret), "more keys")
	k.reportAt(over, path, show(over, secret),
		fmt.Sprintf("conflicts with %s:%d, which has %s", under.file, under.line, has),
		"keep one of the two; to let the later file win, start with --feature-gates=-"+refuseConflicts.ID())
}
