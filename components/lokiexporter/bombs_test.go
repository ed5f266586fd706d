// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// Answers that are meant to harm: the exporter keeps its memory and its patience, and
// delivers when the server comes to its senses.
func TestHarmfulAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		status string
	}{
		{"an answer of ten gigabytes", func(w http.ResponseWriter, _ *http.Request) { endless(w, 500) }, "500"},
		{"a bad request of ten gigabytes", func(w http.ResponseWriter, _ *http.Request) { endless(w, 400) }, "400"},
		{"an answer that never comes", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "transport"},
		{"an answer that never ends", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("wait"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "503"},
		{"a header of sixteen megabytes", func(w http.ResponseWriter, _ *http.Request) {
			for range 2000 {
				w.Header().Add("X-Long", strings.Repeat("x", 8000))
			}
			w.WriteHeader(http.StatusNoContent)
		}, "transport"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			var sane atomic.Bool
			server := httptest.NewUnstartedServer(gateway(t, loki.URL(), func(w http.ResponseWriter, r *http.Request) bool {
				if sane.Load() {
					return false
				}
				// A server notices that a client has gone only when it has read the request.
				_, _ = io.Copy(io.Discard, r.Body)
				tt.answer(w, r)
				return true
			}))
			server.Start()
			t.Cleanup(server.Close)
			e := run(t, server.URL, byService+"timeout: 100ms")
			s := e.begin(context.Background(), service(t, "a", rec{body: "x"}))
			require.Eventually(t, func() bool { return e.sum(t, "requests", "status", tt.status) > 2 }, patience, time.Millisecond)
			assert.True(t, s.waits())
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			assert.Less(t, memory.HeapAlloc, uint64(512<<20))
			sane.Store(true)
			require.NoError(t, s.wait(t))
			assert.Equal(t, []string{"x"}, linesOf(loki.Entries("")))
			e.assertCounts(t, 1, nil)
		})
	}
}

// endless writes ten gigabytes, or as many as the client takes.
func endless(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	megabyte := []byte(strings.Repeat("1 errors like: ", 70_000))
	for range 10 << 10 {
		if _, err := w.Write(megabyte); err != nil {
			return
		}
	}
}

func TestOfAnAnswerOnlyTheBeginningIsRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for range 64 {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}))
	t.Cleanup(server.Close)
	e := exporterOf(t, server.URL)
	a := e.attempt(context.Background(), encodeStreams("", nil))
	assert.Equal(t, "500", a.label())
	assert.LessOrEqual(t, len(a.text), maxAnswer)
}
