// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// heapShare is how much of the container's memory Go may use. The rest is for what Go does not count: the pages of the
	// binary that are in use, and what the kernel keeps for connections and watches.
	heapShare = 0.8
	// limitInterval is how often the container's limit is read again: it can be changed while the container runs.
	limitInterval = time.Minute
)

// heedMemoryLimit makes Go collect garbage more often before the memory of the container is used up, until stop is
// called. It leaves GOMEMLIMIT alone if that is set. Without a container or a limit nothing changes.
func heedMemoryLimit() (stop func()) {
	before := debug.SetMemoryLimit(-1)
	ctx, cancel := context.WithCancel(context.Background())
	// An error means that there is no cgroup, or none of whose limit the system tells: nothing to heed.
	_, _ = memlimit.Set(memlimit.WithRatio(heapShare), memlimit.WithRefreshInterval(ctx, limitInterval))
	return func() {
		cancel()
		debug.SetMemoryLimit(before)
	}
}

// sayMemoryLimit makes the first log that is opened begin with the limit, if the container has set one.
func sayMemoryLimit() func(zapcore.Core) zapcore.Core {
	var once sync.Once
	return func(core zapcore.Core) zapcore.Core {
		limit := debug.SetMemoryLimit(-1)
		if _, given := os.LookupEnv("GOMEMLIMIT"); given || limit == math.MaxInt64 || !core.Enabled(zapcore.InfoLevel) {
			return core
		}
		once.Do(func() {
			_ = core.Write(zapcore.Entry{
				Level: zapcore.InfoLevel, Time: time.Now(),
				Message: "The memory of the container is limited; near the limit Go collects garbage more often. GOMEMLIMIT sets another one.",
			}, []zapcore.Field{zap.Int64("gomemlimit_bytes", limit)})
		})
		return core
	}
}
