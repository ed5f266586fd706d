// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// BenchmarkFollow measures how long after its time stamp an entry of a real journald is
// returned, at several rates of entries a second, and which share of a core that takes.
func BenchmarkFollow(b *testing.B) {
	for _, rate := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(rate, "perSecond"), func(b *testing.B) {
			j := testkit.StartJournald(b)
			r := open(b, Options{Directories: []string{j.Dir()}, Merge: true, Filter: Has("MARK", "bench")})
			const lasts = 5 * time.Second
			for b.Loop() {
				count := int(lasts.Seconds()) * rate
				done := make(chan struct{})
				begin := time.Now()
				go func() {
					defer close(done)
					for n := range count {
						<-time.After(time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(rate))))
						j.Send("MESSAGE="+strconv.Itoa(n), "MARK=bench")
					}
				}()
				late := make([]float64, 0, count)
				for len(late) < count {
					e, err := r.Next()
					require.NoError(b, err)
					if e == nil {
						require.NoError(b, r.Wait(b.Context()))
						continue
					}
					late = append(late, float64(time.Since(time.UnixMicro(int64(e.Cursor.Realtime))))/1e6)
				}
				<-done
				slices.Sort(late)
				b.ReportMetric(late[len(late)/2], "ms-p50")
				b.ReportMetric(late[len(late)*95/100], "ms-p95")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// BenchmarkIdle measures which share of a core it takes to wait.
func BenchmarkIdle(b *testing.B) {
	j := testkit.StartJournald(b)
	r := open(b, Options{Directories: []string{j.Dir()}, Merge: true})
	each(b, r, func(*Entry) {})
	for b.Loop() {
		const lasts = 10 * time.Second
		ctx, cancel := context.WithTimeout(b.Context(), lasts)
		before := cpuTime()
		for r.Wait(ctx) == nil {
			each(b, r, func(*Entry) {})
		}
		cancel()
		b.ReportMetric(100*(cpuTime()-before).Seconds()/lasts.Seconds(), "%core")
		b.ReportMetric(0, "ns/op")
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
