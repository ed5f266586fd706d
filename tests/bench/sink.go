// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// sink takes logs over OTLP/HTTP and over Loki's push API, both as protobuf, notes the markers in them and keeps nothing
// else. It refuses nothing that it can decompress.
type sink struct {
	server  *httptest.Server
	buffers sync.Pool
	zstd    *zstd.Decoder

	mu       sync.Mutex
	arrived  markers
	wire     int64
	requests int
	err      error
}

// startSink listens on a loopback port until the test ends.
func startSink(t testing.TB) *sink {
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{zstd: decoder, buffers: sync.Pool{New: func() any { return &exchange{} }}}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		decoder.Close()
	})
	return s
}

// URL is the base of both endpoints, without a path.
func (s *sink) URL() string { return s.server.URL }

// exchange holds the buffers of one request, used again by later ones.
type exchange struct {
	body  bytes.Buffer
	plain []byte
	gzip  gzip.Reader
}

func (s *sink) serve(w http.ResponseWriter, r *http.Request) {
	e := s.buffers.Get().(*exchange)
	defer s.buffers.Put(e)
	coding := r.Header.Get("Content-Encoding")
	answer := http.StatusOK
	switch r.URL.Path {
	case "/v1/logs":
		w.Header().Set("Content-Type", "application/x-protobuf")
	case "/loki/api/v1/push":
		// Loki's protobuf is always a block of snappy, and says nothing about it.
		coding, answer = "snappy", http.StatusNoContent
	default:
		s.fail(fmt.Errorf("request for an unknown path %q", r.URL.Path))
		http.NotFound(w, r)
		return
	}
	e.body.Reset()
	if _, err := e.body.ReadFrom(r.Body); err != nil {
		// The sender has gone; it will come again with the same.
		panic(http.ErrAbortHandler)
	}
	raw, err := s.decompress(e, coding)
	if err != nil {
		s.fail(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.note(raw, e.body.Len())
	w.WriteHeader(answer)
}

// decompress returns bytes that are valid until the next use of the exchange.
func (s *sink) decompress(e *exchange, coding string) ([]byte, error) {
	body := e.body.Bytes()
	var err error
	switch coding {
	case "", "identity":
		return body, nil
	case "gzip":
		e.plain, err = gunzip(&e.gzip, body, e.plain[:0])
	case "zstd":
		e.plain, err = s.zstd.DecodeAll(body, e.plain[:0])
	case "snappy":
		// It looks at the length, and not at the capacity, of what it may use.
		e.plain, err = snappy.Decode(e.plain[:cap(e.plain)], body)
	default:
		return nil, fmt.Errorf("unknown content encoding %q", coding)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", coding, err)
	}
	return e.plain, nil
}

func gunzip(reader *gzip.Reader, body, into []byte) ([]byte, error) {
	plain := bytes.NewBuffer(into)
	if err := reader.Reset(bytes.NewReader(body)); err != nil {
		return plain.Bytes(), err
	}
	_, err := plain.ReadFrom(reader)
	return plain.Bytes(), err
}

// note counts one request.
func (s *sink) note(raw []byte, wire int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wire += int64(wire)
	s.requests++
	eachMarker(raw, s.arrived.add)
}

// fail keeps the first thing that was wrong with a request.
func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// Received is the number of records that arrived, each counted once.
func (s *sink) Received() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived.distinct
}

// Wait waits for so many records and reports whether they came. It gives up when none has come for as long as patience,
// and when gone says that nobody sends any more.
func (s *sink) Wait(count int, patience time.Duration, gone func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	last, since := -1, time.Now()
	for {
		over := gone()
		got := s.Received()
		if got >= count {
			return true
		}
		if got != last {
			last, since = got, time.Now()
		}
		if over || time.Since(since) > patience {
			return false
		}
		<-tick.C
	}
}

// Check compares what arrived with the number of records written to each file. The error is the first request that could
// not be taken.
func (s *sink) Check(written []int) (tally, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived.compare(written), s.err
}

// WireMB is how much arrived, compressed, in megabytes.
func (s *sink) WireMB() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.wire) / 1e6
}
