// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
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

// BenchmarkManyFiles reads 64 files of several machines, whose entries come in turns.
func BenchmarkManyFiles(b *testing.B) {
	const files, entries = 64, 1000
	folder := b.TempDir()
	for n := range files {
		f := journaltest.Create(b, filepath.Join(folder, fmt.Sprintf("remote-%d.journal", n)), journaltest.Options{
			FileID: id(byte(n + 1)), SeqnumID: id(byte(n + 1)), Step: 1 << 20, DataBuckets: 4096,
		})
		for i := range entries {
			f.Append(journaltest.Entry{Realtime: uint64(1e15 + i*1000 + n), Fields: []journaltest.Field{
				{Name: "MESSAGE", Value: strconv.Itoa(i) + strings.Repeat(" text", 100)}, {Name: "_HOSTNAME", Value: fmt.Sprint("host-", n)},
			}})
		}
		f.Archive()
	}
	// Another process reads them: this one has them all in memory.
	self, err := os.Executable()
	require.NoError(b, err)
	command := exec.Command(self, "-test.run=^TestReadManyFiles$")
	command.Env = append(os.Environ(), manyFiles+"="+folder)
	out, err := command.CombinedOutput()
	require.NoError(b, err, "%s", out)
	used, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(b, ok)
	_, rest, _ := strings.Cut(string(out), "VmHWM:")
	var peak float64
	_, err = fmt.Sscan(rest, &peak)
	require.NoError(b, err, "%s", out)
	b.ReportMetric(peak/1024, "MiB-peak")
	b.ReportMetric(float64(used.Utime.Nano()+used.Stime.Nano())/files/entries/1000, "cpu-us/entry")
	b.ReportMetric(0, "ns/op")
}

const manyFiles = "JOURNAL_BENCH_FOLDER"

// TestReadManyFiles is run by BenchmarkManyFiles.
func TestReadManyFiles(t *testing.T) {
	folder := os.Getenv(manyFiles)
	if folder == "" {
		t.Skip("it is a part of a benchmark")
	}
	entries := 0
	each(t, open(t, Options{Directories: []string{folder}}), func(*Entry) { entries++ })
	require.NotZero(t, entries)
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	fmt.Println(string(status))
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
