// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// bombs are answers that are made to harm who reads them. None is that of a backend which has stored anything.
var bombs = []struct {
	name string
	blow func(w http.ResponseWriter, r *http.Request)
}{
	{"an error without an end", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		pour(w, r, 1<<40)
	}},
	{"an error of 100 MB", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(100<<20))
		w.WriteHeader(http.StatusInternalServerError)
		pour(w, r, 100<<20)
	}},
	{"an error of 100 MB as a status of OTLP", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(http.StatusUnauthorized)
		pour(w, r, 100<<20)
	}},
	{"8 MB of headers", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 8 << 10 {
			w.Header().Set(fmt.Sprintf("X-Bomb-%d", i), strings.Repeat("x", 1<<10))
		}
		w.WriteHeader(http.StatusBadGateway)
	}},
	{"1 GB in 1 MB of gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(gzipped())
	}},
	{"a byte each 50 ms", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
				tick.Stop()
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				tick.Stop()
				return
			}
		}
	}},
}

// gzipped is a gigabyte of zeroes.
var gzipped = sync.OnceValue(func() []byte {
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	block := make([]byte, 1<<20)
	for range 1 << 10 {
		_, _ = w.Write(block)
	}
	_ = w.Close()
	return small.Bytes()
})

// pour writes so many bytes, unless the other side hangs up.
func pour(w io.Writer, r *http.Request, n int) {
	block := bytes.Repeat([]byte("x"), 64<<10)
	for ; n > 0 && r.Context().Err() == nil; n -= len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// bomber answers in place of the gate as long as it has a bomb.
type bomber struct {
	gate http.Handler
	mu   sync.Mutex
	blow func(http.ResponseWriter, *http.Request)
	blew int
}

// ServeHTTP implements http.Handler.
func (b *bomber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	blow := b.blow
	if blow != nil {
		b.blew++
	}
	b.mu.Unlock()
	if blow == nil {
		b.gate.ServeHTTP(w, r)
		return
	}
	// What is not read would be waited for.
	_, _ = io.Copy(io.Discard, r.Body)
	blow(w, r)
}

// arm changes the bomb; nil is none.
func (b *bomber) arm(blow func(http.ResponseWriter, *http.Request)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blow, b.blew = blow, 0
}

func (b *bomber) blown() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.blew
}

// hostileAnswers lets the backend answer with each bomb, several times.
func hostileAnswers(r *rig) {
	target, err := url.Parse(r.gate.url())
	require.NoError(r.t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }, Transport: &http.Transport{DisableKeepAlives: true},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	b := &bomber{gate: proxy}
	server := httptest.NewServer(b)
	r.t.Cleanup(server.Close)
	_, variable := r.backend.config()
	r.collector.Set(variable + "=" + server.URL)

	r.busyNode(2)
	r.start()
	r.arrived()
	before := r.memory("VmHWM")
	r.note("%d MiB before the first bomb", before)
	for _, bomb := range bombs {
		r.event("%s", bomb.name)
		b.arm(bomb.blow)
		testkit.Eventually(r.t, patience, bomb.name, func() bool { return b.blown() >= 2*times })
		b.arm(nil)
		r.arrived()
		r.note("%d MiB of memory at most after %s", r.memory("VmHWM"), bomb.name)
	}
	assert.Less(r.t, r.memory("VmHWM"), before+bombLimit, "MiB of memory at most, %d before the first bomb", before)
	r.settle()
}

// bombLimit is how much more memory the collector may have taken at most, in MiB: some is for the lines that wait meanwhile.
const bombLimit = 60
