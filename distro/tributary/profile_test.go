// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/otelcol"
)

func profiling(t *testing.T, rate int) {
	was := runtime.MemProfileRate
	t.Cleanup(func() { runtime.MemProfileRate = was })
	runtime.MemProfileRate = rate
}

func TestTheHeapIsProfiledWhenSomebodyCanAsk(t *testing.T) {
	profiling(t, profileRate)
	all, err := profileOnDemand(components)()
	require.NoError(t, err)
	assert.Zero(t, runtime.MemProfileRate)

	create := func(name string) {
		factory := all.Extensions[component.MustNewType(name)]
		_, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), factory.CreateDefaultConfig())
		require.NoError(t, err)
	}
	create("zpages")
	assert.Zero(t, runtime.MemProfileRate, "nobody can ask")
	create("pprof")
	assert.Equal(t, profileRate, runtime.MemProfileRate)
}

func TestARateThatTheUserHasSetStays(t *testing.T) {
	profiling(t, 1)
	all, err := profileOnDemand(components)()
	require.NoError(t, err)
	assert.Equal(t, 1, runtime.MemProfileRate)
	_, wrapped := all.Extensions[profiler].(profilerFactory)
	assert.False(t, wrapped)
}

func TestTheCommandTakesNoNotesOfTheHeap(t *testing.T) {
	profiling(t, profileRate)
	newCommand(otelcol.CollectorSettings{Factories: components})
	assert.Zero(t, runtime.MemProfileRate)
}
