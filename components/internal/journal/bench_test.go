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

// BenchmarkFlood follows a million entries through files of 1 MiB, of which journald keeps
// four, and tells how many were missed, came twice, or came too early.
func BenchmarkFlood(b *testing.B) {
	const count = 1_000_000
	j := testkit.StartJournald(b, "SystemMaxFileSize=1M", "SystemMaxFiles=4", "SystemMaxUse=6M", "RateLimitIntervalSec=0")
	r := open(b, Options{Directories: []string{j.Dir()}, Merge: true, Filter: Has("MARK", "flood")})
	for b.Loop() {
		begin := cpuTime()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for n := range count {
				j.Send("MESSAGE="+strconv.Itoa(n), "MARK=flood")
			}
		}()
		seen := make([]bool, count)
		entries, twice, early, last := 0, 0, 0, -1
		for last != count-1 {
			e, err := r.Next()
			require.NoError(b, err)
			if e == nil {
				require.NoError(b, r.Wait(b.Context()))
				continue
			}
			message, _ := e.Get("MESSAGE")
			n, err := strconv.Atoi(message)
			require.NoError(b, err)
			if seen[n] {
				twice++
			} else {
				seen[n] = true
				entries++
			}
			if n < last {
				early++
			}
			last = n
		}
		<-sent
		b.ReportMetric(float64(count-entries), "lost")
		b.ReportMetric(float64(r.Stats().Lost), "counted-as-lost")
		b.ReportMetric(float64(twice), "twice")
		b.ReportMetric(float64(early), "out-of-order")
		b.ReportMetric(float64((cpuTime()-begin).Nanoseconds())/count, "cpu-ns/entry-with-sending")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkIdle measures which share of a core it takes to wait.
func BenchmarkIdle(b *testing.B) {
	j := testkit.StartJournald(b)
	r := open(b, Options{Directories: []string{j.Dir()}, Merge: true})
	wait := func(d time.Duration) {
		ctx, cancel := context.WithTimeout(b.Context(), d)
		defer cancel()
		for r.Wait(ctx) == nil {
			each(b, r, func(*Entry) {})
		}
	}
	wait(2 * quiet) // Something has just come.
	for b.Loop() {
		const lasts = 10 * time.Second
		before := cpuTime()
		wait(lasts)
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
