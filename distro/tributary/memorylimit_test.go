// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// limitMemory sets a limit for the test, as a container does.
func limitMemory(t *testing.T, bytes int64) {
	t.Helper()
	t.Setenv("GOMEMLIMIT", "")
	require.NoError(t, os.Unsetenv("GOMEMLIMIT"))
	before := debug.SetMemoryLimit(bytes)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
}

func TestTheLogBeginsWithTheMemoryLimit(t *testing.T) {
	limitMemory(t, 1<<40)
	core, logged := observer.New(zapcore.InfoLevel)
	say := sayMemoryLimit()
	say(core)
	say(core) // Another start of the Collector in this process, upon SIGHUP.
	require.Len(t, logged.All(), 1)
	assert.Equal(t, map[string]any{"gomemlimit_bytes": int64(1 << 40)}, logged.All()[0].ContextMap())
}

func TestNothingIsSaidOfTheMemoryLimit(t *testing.T) {
	for name, row := range map[string]struct {
		limit int64
		env   string
		level zapcore.Level
	}{
		"without one":                      {limit: math.MaxInt64},
		"when GOMEMLIMIT is set":           {limit: 1 << 40, env: "1TiB"},
		"when only warnings are wanted":    {limit: 1 << 40, level: zapcore.WarnLevel},
		"when GOMEMLIMIT turns it off too": {limit: math.MaxInt64, env: "off"},
	} {
		t.Run(name, func(t *testing.T) {
			limitMemory(t, row.limit)
			if row.env != "" {
				t.Setenv("GOMEMLIMIT", row.env)
			}
			core, logged := observer.New(row.level)
			sayMemoryLimit()(core)
			assert.Empty(t, logged.All())
		})
	}
}

func TestTheMemoryLimitIsGivenBack(t *testing.T) {
	limitMemory(t, 1<<41)
	heedMemoryLimit()()
	assert.Equal(t, int64(1<<41), debug.SetMemoryLimit(-1))
}
