// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
)

// profiler is the extension that shows profiles of the heap.
var profiler = component.MustNewType("pprof")

// profileRate is Go's own: a note for each so many bytes.
const profileRate = 512 << 10

// profileOnDemand keeps Go from noting where memory is allocated unless somebody can ask: it takes a fiftieth of all CPU
// time and some megabytes. With the extension `pprof`, what is allocated from its start on is noted. Who sets a rate with
// GODEBUG=memprofilerate=<bytes> keeps it.
func profileOnDemand(factories func() (otelcol.Factories, error)) func() (otelcol.Factories, error) {
	if runtime.MemProfileRate != profileRate {
		return factories
	}
	runtime.MemProfileRate = 0
	return func() (otelcol.Factories, error) {
		all, err := factories()
		if factory, ok := all.Extensions[profiler]; ok {
			all.Extensions[profiler] = profilerFactory{factory}
		}
		return all, err
	}
}

// profilerFactory turns the notes on.
type profilerFactory struct{ extension.Factory }

func (f profilerFactory) Create(ctx context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	runtime.MemProfileRate = profileRate
	return f.Factory.Create(ctx, set, config)
}
