// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sink takes everything, which is delivered at once.
type sink struct{ bytes int64 }

type sinkIntake struct {
	sink *sink
	at   int64
}

func (s *sink) Wanted(Container) bool { return true }
func (s *sink) Open(_ *File, start Position) Intake {
	return &sinkIntake{sink: s, at: start.Start()}
}
func (s *sink) Changed(Container)              {}
func (s *sink) Forgotten(Container)            {}
func (s *sink) Pass() time.Duration            { return 0 }
func (s *sink) Trouble(Trouble, string, error) {}

func (i *sinkIntake) Acquire(most, _ int64) (int64, time.Time) { return most, time.Time{} }
func (i *sinkIntake) Take(c Chunk) {
	i.at = c.Start + int64(len(c.Data))
	i.sink.bytes += int64(len(c.Data))
}
func (i *sinkIntake) Position() Position { return At(i.at) }
func (i *sinkIntake) Idle() bool         { return true }
func (i *sinkIntake) End()               {}

// containers makes folders with a log file each.
func containers(b *testing.B, count int, text string) string {
	b.Helper()
	root := b.TempDir()
	for i := range count {
		dir := filepath.Join(root, fmt.Sprintf("shop_web-%d_uid", i), "main")
		require.NoError(b, os.MkdirAll(dir, 0o755))
		// Each begins with something else.
		require.NoError(b, os.WriteFile(filepath.Join(dir, "0.log"), []byte(numbered(i, 1)[0]+"\n"+text), 0o644))
	}
	return root
}

func BenchmarkReading(b *testing.B) {
	text := strings.Repeat(numbered(0, 1)[0]+"\n", 200_000)
	for _, files := range []int{1, 10} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			root := containers(b, files, text)
			b.SetBytes(int64(files * len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s := &sink{}
				t := New(Options{Root: root, NoWatch: true}, s)
				t.tree.scan()
				for s.bytes < int64(files*len(text)) {
					t.now = time.Now()
					t.pass()
				}
				t.Close()
			}
		})
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkAnIdlePass(b *testing.B) {
	for _, files := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			root := containers(b, files, "")
			before := heapBytes()
			t := New(Options{Root: root, NoWatch: true}, &sink{})
			t.now = time.Now()
			t.tree.scan()
			begin := time.Now()
			t.pass()
			found := time.Since(begin)
			after := heapBytes()
			t.tree.nextScan = t.now.Add(time.Hour)
			b.ReportAllocs()
			for b.Loop() {
				t.now = t.now.Add(2 * time.Second)
				t.tree.nextScan = t.now.Add(time.Hour)
				t.pass()
			}
			b.ReportMetric(float64(after-before-chunkBytes)/float64(files), "B/file")
			b.ReportMetric(float64(found.Microseconds())/float64(files), "µs/discovery")
			t.Close()
		})
	}
}
