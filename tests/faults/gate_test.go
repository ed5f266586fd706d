// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"context"
	"hash/maphash"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// trouble is how a gate treats requests. The zero value hands them on.
type trouble struct {
	// status answers with this status; nothing is handed on.
	status int
	// retryAfter goes along with status, in seconds.
	retryAfter int
	// delay holds a request back before it is handed on.
	delay time.Duration
	// hang never answers and hands nothing on.
	hang bool
	// answer is made in place of the backend's. With stored the backend has the request nevertheless.
	answer func(http.ResponseWriter)
	stored bool
	// maxBytes answers 413 to bodies that are longer on the wire; 0 is no limit.
	maxBytes int64
}

// gate stands between the collector and a backend, whichever protocol they speak, and makes trouble. What it does not hand
// on, the backend has not stored; what the backend has stored is answered, as long as the collector lives.
type gate struct {
	t       testing.TB
	address string
	proxy   *httputil.ReverseProxy
	seed    maphash.Seed

	mu      sync.Mutex
	server  *http.Server
	now     trouble
	changed chan struct{} // closed when now changes
	// asked and troubled count requests, and those that were not handed on.
	asked, troubled int
	// tries are when requests came, by what was in them.
	tries map[uint64][]time.Time
}

func newGate(t testing.TB, backend string) *gate {
	target, err := url.Parse(backend)
	if err != nil {
		t.Fatalf("read address of the backend: %v", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	g := &gate{t: t, seed: maphash.MakeSeed(), address: "127.0.0.1:0", changed: make(chan struct{}), tries: map[uint64][]time.Time{}}
	g.proxy = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	g.up()
	t.Cleanup(func() {
		g.set(trouble{})
		g.down()
		transport.CloseIdleConnections()
	})
	return g
}

func (g *gate) url() string { return "http://" + g.address }

// up listens, at the same address each time.
func (g *gate) up() {
	var listener net.Listener
	testkit.Eventually(g.t, 10*time.Second, "the address "+g.address+" to be free", func() (free bool) {
		var err error
		listener, err = net.Listen("tcp", g.address)
		return err == nil
	})
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	g.mu.Lock()
	g.address, g.server = listener.Addr().String(), server
	g.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// down refuses connections. Requests that are being handled are answered first.
func (g *gate) down() {
	g.mu.Lock()
	server := g.server
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
	_ = server.Close()
}

// set changes the trouble. Requests that hang are cut off.
func (g *gate) set(now trouble) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = now
	close(g.changed)
	g.changed = make(chan struct{})
}

// seen returns how many requests came, and how many of them were not handed on.
func (g *gate) seen() (asked, troubled int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked, g.troubled
}

// pauses are the times between two tries of a request since a moment, shortest first.
func (g *gate) pauses(since time.Time) []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var pauses []time.Duration
	for _, tries := range g.tries {
		for i := 1; i < len(tries); i++ {
			if tries[i-1].After(since) {
				pauses = append(pauses, tries[i].Sub(tries[i-1]))
			}
		}
	}
	slices.Sort(pauses)
	return pauses
}

// gaps are the times between a request since a moment and the next one of any content, shortest first.
func (g *gate) gaps(since time.Time) []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var times []time.Time
	for _, tries := range g.tries {
		times = append(times, tries...)
	}
	slices.SortFunc(times, time.Time.Compare)
	times = slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(since) })
	var gaps []time.Duration
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, times[i].Sub(times[i-1]))
	}
	slices.Sort(gaps)
	return gaps
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// It is read here, because its length need not be in the header, and because the server notices that the sender has gone
	// only when the body is read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))

	g.mu.Lock()
	now, changed := g.now, g.changed
	g.asked++
	sum := maphash.Bytes(g.seed, body)
	g.tries[sum] = append(g.tries[sum], time.Now())
	keep := now.hang || now.status != 0 || now.answer != nil || now.maxBytes > 0 && r.ContentLength > now.maxBytes
	if keep {
		g.troubled++
	}
	g.mu.Unlock()

	switch {
	case now.hang:
		select {
		case <-r.Context().Done():
		case <-changed:
		}
		panic(http.ErrAbortHandler)
	case now.status != 0:
		if now.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(now.retryAfter))
		}
		http.Error(w, "trouble on cue of the test", now.status)
		return
	case now.answer != nil:
		if now.stored {
			g.proxy.ServeHTTP(httptest.NewRecorder(), r)
		}
		now.answer(w)
		return
	case keep:
		http.Error(w, "request body too large", http.StatusRequestEntityTooLarge)
		return
	}
	if now.delay > 0 {
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(now.delay):
		}
	}
	g.proxy.ServeHTTP(w, r)
}
