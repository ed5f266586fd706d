// SPDX-License-Identifier: Apache-2.0

//go:build unix

package journaldreceiver

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-json"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal"
	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

const (
	benchEntries = 20_000
	benchBatch   = 2000
)

// services writes entries as services of systemd make them: 23 fields, of which the
// message and the time are new in each.
func services(b *testing.B) string {
	folder := b.TempDir()
	f := journaltest.Create(b, filepath.Join(folder, "system.journal"), journaltest.Options{Keyed: true, Compact: true})
	for n := range uint64(benchEntries) {
		unit := n * 7 % 40
		f.Append(journaltest.Entry{Realtime: 1_700_000_000_000_000 + n*1000, Monotonic: n * 1000, Fields: []journaltest.Field{
			{Name: "MESSAGE", Value: fmt.Sprintf("GET /api/v1/orders/%d?expand=lines HTTP/1.1 200 %d bytes in %d ms", n, n*17%5000, n%97)},
			{Name: "PRIORITY", Value: fmt.Sprint(3 + n%4)},
			{Name: "SYSLOG_FACILITY", Value: "3"},
			{Name: "SYSLOG_IDENTIFIER", Value: fmt.Sprintf("service-%d", unit)},
			{Name: "_TRANSPORT", Value: "stdout"},
			{Name: "_STREAM_ID", Value: fmt.Sprintf("%032x", unit)},
			{Name: "_PID", Value: fmt.Sprint(1000 + unit)},
			{Name: "_UID", Value: "0"},
			{Name: "_GID", Value: "0"},
			{Name: "_COMM", Value: fmt.Sprintf("service-%d", unit)},
			{Name: "_EXE", Value: fmt.Sprintf("/usr/bin/service-%d", unit)},
			{Name: "_CMDLINE", Value: fmt.Sprintf("/usr/bin/service-%d --config /etc/service.yaml", unit)},
			{Name: "_CAP_EFFECTIVE", Value: "1ffffffffff"},
			{Name: "_SELINUX_CONTEXT", Value: "unconfined\n"},
			{Name: "_SYSTEMD_CGROUP", Value: fmt.Sprintf("/system.slice/service-%d.service", unit)},
			{Name: "_SYSTEMD_UNIT", Value: fmt.Sprintf("service-%d.service", unit)},
			{Name: "_SYSTEMD_SLICE", Value: "system.slice"},
			{Name: "_SYSTEMD_INVOCATION_ID", Value: fmt.Sprintf("%032x", unit+1000)},
			{Name: "_BOOT_ID", Value: "00112233445566778899aabbccddeeff"},
			{Name: "_MACHINE_ID", Value: "ffeeddccbbaa99887766554433221100"},
			{Name: "_HOSTNAME", Value: "node-1"},
			{Name: "_RUNTIME_SCOPE", Value: "system"},
			{Name: "_SOURCE_REALTIME_TIMESTAMP", Value: fmt.Sprint(1_700_000_000_000_000 + n*1000 - 50)},
		}})
	}
	f.Archive()
	return folder
}

// readAll calls use with batches of all entries of a folder, whose memory may be used
// again.
func readAll(b *testing.B, folder string, again bool, use func([]held)) (entries int) {
	r, err := journal.Open(journal.Options{Directories: []string{folder}, Merge: true})
	require.NoError(b, err)
	var g gathered
	for {
		e, err := r.Next()
		require.NoError(b, err)
		if e == nil || len(g.entries()) == benchBatch {
			use(g.entries())
			entries += len(g.entries())
			if again && g.pages != nil {
				g.pages.release()
			}
			g = gathered{}
		}
		if e == nil {
			break
		}
		g.add(e)
	}
	require.NoError(b, r.Close())
	return entries
}

// perEntry reports the CPU time of this process and of those it has started, since a
// moment.
func perEntry(b *testing.B, since time.Duration, entries int) {
	b.ReportMetric(float64((cpuTime()-since).Nanoseconds())/float64(b.N*entries), "cpu-ns/entry")
	b.ReportMetric(0, "ns/op")
}

func cpuTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// BenchmarkMap makes records of entries that were read.
func BenchmarkMap(b *testing.B) {
	folder := services(b)
	var all []held
	readAll(b, folder, false, func(batch []held) { all = append(all, batch...) })
	require.Len(b, all, benchEntries)
	for _, body := range []string{bodyMessage, bodyMap, bodyJSON} {
		b.Run(body, func(b *testing.B) {
			config := createDefaultConfig().(*Config)
			config.Body = body
			m := newMapper(config)
			b.ReportAllocs()
			begin := cpuTime()
			for b.Loop() {
				for from := 0; from < len(all); from += benchBatch {
					m.logs(all[from:from+benchBatch], time.Time{})
				}
			}
			perEntry(b, begin, len(all))
		})
	}
}

// BenchmarkReadAndMap goes from the file to log records.
func BenchmarkReadAndMap(b *testing.B) {
	folder := services(b)
	m := newMapper(createDefaultConfig().(*Config))
	runtime.GC()
	b.ReportAllocs()
	begin := cpuTime()
	for b.Loop() {
		records := 0
		readAll(b, folder, true, func(batch []held) { records += m.logs(batch, time.Time{}).LogRecordCount() })
		require.Equal(b, benchEntries, records)
	}
	perEntry(b, begin, benchEntries)
}

// BenchmarkJournalctl is what a receiver does that runs journalctl: it reads its output
// and makes maps of it.
func BenchmarkJournalctl(b *testing.B) {
	path, err := exec.LookPath("journalctl")
	if err != nil {
		b.Skip("journalctl is not installed")
	}
	folder := services(b)
	runtime.GC()
	begin := cpuTime()
	for b.Loop() {
		out, err := exec.Command(path, "--directory", folder, "--output=json", "--no-pager").Output()
		require.NoError(b, err)
		entries := 0
		for line := range bytes.Lines(out) {
			var body map[string]any
			require.NoError(b, json.Unmarshal(line, &body))
			entries++
		}
		require.Equal(b, benchEntries, entries)
	}
	perEntry(b, begin, benchEntries)
}
