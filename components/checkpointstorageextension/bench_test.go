// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// positions is the state of so many files: 100 bytes for each key and each value.
func positions(files int) *state {
	content := map[string]string{}
	for n := range files {
		key := fmt.Sprintf("/var/log/pods/shop_checkout-%08d/app/%s", n, strings.Repeat("x", 100))[:100]
		content[key] = strings.Repeat("v", 100)
	}
	return newState(file, &snapshot{1, records(content)})
}

var sizes = []int{100, 1000, 10_000}

// memory is a folder in memory where the system has one: there the disk costs nothing.
func memory(b *testing.B) string {
	const shared = "/dev/shm"
	if _, err := os.Stat(shared); err != nil {
		b.Skipf("no folder in memory: %v", err)
	}
	b.Setenv("TMPDIR", shared)
	return b.TempDir()
}

// BenchmarkSet changes the position of one file, and waits for the disk.
func BenchmarkSet(b *testing.B) {
	for _, place := range []struct {
		name   string
		folder func(b *testing.B) string
	}{
		{"disk", func(b *testing.B) string { return b.TempDir() }},
		{"memory", memory},
	} {
		for _, files := range sizes {
			b.Run(fmt.Sprintf("%s/%d files", place.name, files), func(b *testing.B) {
				r := start(b, place.folder(b))
				c := r.client(b).(*client)
				c.state = positions(files)
				key := c.state.sorted()[files/2].key
				value := c.state.get(key)
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					copy(value, fmt.Sprintf("%020d", n))
					require.NoError(b, c.Set(b.Context(), key, value))
				}
				b.ReportMetric(float64(c.state.bytes), "B/write")
			})
		}
	}
}

// BenchmarkSetWithoutAChange is what a source costs that has nothing new.
func BenchmarkSetWithoutAChange(b *testing.B) {
	c := start(b, b.TempDir()).client(b)
	value := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, c.Set(b.Context(), "key", value))
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, files := range sizes {
		b.Run(fmt.Sprintf("%d files", files), func(b *testing.B) {
			r := start(b, b.TempDir())
			c := r.client(b).(*client)
			c.state = positions(files)
			for _, value := range []string{"1", "2"} {
				set(b, c, "key", value)
			}
			require.NoError(b, c.Close(b.Context()))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, r.client(b).Close(b.Context()))
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, files := range sizes {
		b.Run(fmt.Sprintf("%d files", files), func(b *testing.B) {
			s := positions(files)
			var buf []byte
			b.SetBytes(s.bytes)
			b.ReportAllocs()
			for b.Loop() {
				buf = appendSnapshot(buf[:0], file, &snapshot{1, s.sorted()})
			}
		})
	}
}
