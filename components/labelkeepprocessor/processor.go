// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

// keeper applies the list to batches. It is safe for concurrent use.
type keeper struct {
	verdicts *verdicts
	demote   bool

	telemetry *metadata.TelemetryBuilder
	// labels goes with every count, made once.
	labels []metric.AddOption
}

func newKeeper(set processor.Settings, cfg *Config) (*keeper, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &keeper{
		verdicts:  newVerdicts(newNames(cfg.Values)),
		demote:    cfg.Others == OthersDemote,
		telemetry: telemetry,
		labels:    []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("processor", set.ID.String())))},
	}, nil
}

// processLogs applies the list to every resource of a batch. Resources that became equal are not put together: a
// backend finds the stream of each by itself, while finding equals would cost a hash of every resource, and joining
// them would move every record.
func (k *keeper) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	var dropped, demoted int
	resources := logs.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i)
		if k.demote {
			d, m := k.demoteOthers(resource)
			dropped, demoted = dropped+d, demoted+m
		} else {
			dropped += k.dropOthers(resource.Resource().Attributes())
		}
	}
	if dropped > 0 {
		k.telemetry.ProcessorLabelKeepDroppedAttributes.Add(ctx, int64(dropped), k.labels...)
	}
	if demoted > 0 {
		k.telemetry.ProcessorLabelKeepDemotedAttributes.Add(ctx, int64(demoted), k.labels...)
	}
	return logs, nil
}

// dropOthers removes what is not listed and returns how many that were.
func (k *keeper) dropOthers(attributes pcommon.Map) (dropped int) {
	tenant := hintedTenant(attributes)
	attributes.RemoveIf(func(name string, _ pcommon.Value) bool {
		if k.keeps(name, tenant) {
			return false
		}
		dropped++
		return true
	})
	return dropped
}

// demoteOthers moves what is not listed to the records and returns how many attributes were dropped and moved. A
// resource without records has nowhere to move them and identifies no line: it stays as it is. Dropped is only what
// has no name: no one can ask for it, and there are backends that take it for the line itself.
func (k *keeper) demoteOthers(resource plog.ResourceLogs) (dropped, demoted int) {
	if !hasRecords(resource) {
		return 0, 0
	}
	attributes := resource.Resource().Attributes()
	tenant := hintedTenant(attributes)
	others := pcommon.NewMap()
	attributes.RemoveIf(func(name string, value pcommon.Value) bool {
		if k.keeps(name, tenant) {
			return false
		}
		if name == "" {
			dropped++
			return true
		}
		// Of two attributes with one name the first counts, as it does for everybody who asks by name.
		if other, loaded := others.GetOrPutEmpty(name); !loaded {
			value.MoveTo(other)
		}
		demoted++
		return true
	})
	if others.Len() > 0 {
		addToRecords(resource, others)
	}
	return dropped, demoted
}

// keeps tells whether an attribute of a resource stays there. The tenant is the name of the attribute that a hint of
// the same resource points at, so the answer is not one that can be remembered by name.
func (k *keeper) keeps(name, tenant string) bool {
	return name != "" && (k.verdicts.keeps(name) || name == tenant)
}

func hasRecords(resource plog.ResourceLogs) bool {
	scopes := resource.ScopeLogs()
	for i := range scopes.Len() {
		if scopes.At(i).LogRecords().Len() > 0 {
			return true
		}
	}
	return false
}

// addToRecords copies the attributes to each record of the resource. What a record says itself is nearer to the line
// and wins.
func addToRecords(resource plog.ResourceLogs, others pcommon.Map) {
	scopes := resource.ScopeLogs()
	for i := range scopes.Len() {
		records := scopes.At(i).LogRecords()
		for j := range records.Len() {
			attributes := records.At(j).Attributes()
			attributes.EnsureCapacity(attributes.Len() + others.Len())
			for name, value := range others.All() {
				if own, loaded := attributes.GetOrPutEmpty(name); !loaded {
					value.CopyTo(own)
				}
			}
		}
	}
}
