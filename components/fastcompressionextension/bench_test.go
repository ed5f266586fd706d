// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One request of 400 KB over the loopback, with the client that an exporter has. The
// server throws it away, in the same process.
func BenchmarkRequest(b *testing.B) {
	body := otlpBody(b, 400_000, 1)
	for _, bm := range []struct{ name, coding, settings string }{
		{"none", "none", "{compression: none}"},
		{"fast_compression zstd", "zstd", viaMiddleware},
		{"fast_compression gzip", "gzip", viaMiddleware},
		{"confighttp zstd", "none", "{compression: zstd}"},
		{"confighttp gzip", "none", "{compression: gzip}"},
		{"confighttp gzip level 1", "none", "{compression: gzip, compression_params: {level: 1}}"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			var wire atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				wire.Store(n)
			}))
			defer s.Close()
			c := client(b, bm.coding, bm.settings)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				post(b, c, s.URL, bytes.NewReader(body))
			}
			b.ReportMetric(float64(wire.Load()), "wire-B")
		})
	}
}

// The encoder alone, without HTTP.
func BenchmarkCompress(b *testing.B) {
	body := otlpBody(b, 400_000, 1)
	for coding := range decoders {
		b.Run(coding, func(b *testing.B) {
			e := newEncoders(coding)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				out, _, err := e.compress(b.Context(), bytes.NewReader(body))
				require.NoError(b, err)
				e.release(out)
			}
		})
	}
}

// An encoder and its buffer stay below 2 MiB, however much went through them.
func TestAnEncoderTakesLittleMemory(t *testing.T) {
	body := otlpBody(t, 4<<20, 1)
	for coding := range decoders {
		const count = 8
		kept := make([]*worker, count)
		before := heap()
		for i := range kept {
			w := newWorker(coding)
			kept[i] = w
			w.encoder.Reset(io.Discard)
			_, err := io.CopyBuffer(w.encoder, onlyReader{bytes.NewReader(body)}, w.chunk)
			require.NoError(t, err)
			require.NoError(t, w.encoder.Close())
			w.encoder.Reset(nil)
		}
		each := (heap() - before) / count
		t.Logf("%s: %d KiB for each encoder", coding, each>>10)
		assert.Less(t, each, int64(2<<20), coding)
		runtime.KeepAlive(kept)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
