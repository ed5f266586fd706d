// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// rebindTimeout bounds the wait for an address that is still taken. The kernel
// may have lent the port of a dead backend to an outgoing connection meanwhile.
const rebindTimeout = 5 * time.Second

// Backend is an OTLP backend for logs that keeps what it accepts in memory. All
// methods may be called from several goroutines and after Stop.
type Backend struct {
	httpListener net.Listener
	grpcListener *trackedListener
	httpServer   *http.Server
	grpcServer   *grpc.Server

	// stopping is closed when Stop begins, stopped when it has finished.
	stopping chan struct{}
	stopped  chan struct{}
	work     sync.WaitGroup

	mu         sync.Mutex
	closed     bool
	onlyPath   string
	fault      Fault
	faultsLeft int
	faulted    int
	records    []Record
	requests   []Request
}

// Request is one request as it arrived, also one that was refused.
type Request struct {
	// Protocol is "http" or "grpc".
	Protocol string
	// Path is the path of the URL, or the full name of the gRPC method.
	Path string
	// Header holds the header of an HTTP request under canonical names, or the
	// metadata of a gRPC call under lower-case names.
	Header map[string][]string
	// Encoding is the compression, such as "gzip"; empty for none.
	Encoding string
	// Records is the number of records in it, kept or not; 0 when it could not
	// be decoded.
	Records int
	// Refused is true when none of its records were kept. It is settled when the
	// request is answered.
	Refused bool
}

// StartBackend listens on ephemeral ports of 127.0.0.1 for OTLP over HTTP and
// over gRPC, and stops when the test ends.
func StartBackend(t testing.TB) *Backend {
	t.Helper()
	return StartBackendOn(t, "", "")
}

// StartBackendAt is StartBackend with a given address for HTTP, so that a
// stopped backend can come back where its senders look for it. It takes what
// HTTPURL returns, with or without the scheme. gRPC gets a new port. The new
// backend starts empty.
func StartBackendAt(t testing.TB, httpAddr string) *Backend {
	t.Helper()
	return StartBackendOn(t, httpAddr, "")
}

// StartBackendOn is StartBackendAt with a given address for gRPC as well. An
// empty address means an ephemeral port; any other must name a loopback address.
func StartBackendOn(t testing.TB, httpAddr, grpcAddr string) *Backend {
	t.Helper()
	b := &Backend{stopping: make(chan struct{}), stopped: make(chan struct{})}
	b.httpListener = listenLoopback(t, strings.TrimPrefix(httpAddr, "http://"))
	b.grpcListener = &trackedListener{Listener: listenLoopback(t, grpcAddr), open: map[string]net.Conn{}}
	b.httpServer = newHTTPServer(b)
	b.grpcServer = newGRPCServer(b)
	// Both loops end only by Stop, and the error they return then says just that.
	b.work.Go(func() { _ = b.httpServer.Serve(b.httpListener) })
	b.work.Go(func() { _ = b.grpcServer.Serve(b.grpcListener) })
	t.Cleanup(b.Stop)
	return b
}

// Stop closes the listeners and every connection at once, as a crash would, and
// returns when no request is being handled any more. What was recorded stays
// readable. Further calls wait for the first one and do nothing.
func (b *Backend) Stop() {
	b.mu.Lock()
	first := !b.closed
	b.closed = true
	b.mu.Unlock()
	if !first {
		<-b.stopped
		return
	}
	close(b.stopping)
	// The listener is closed here too, for the case that Serve has not begun and
	// the server does not know it yet.
	_ = b.httpListener.Close()
	_ = b.httpServer.Close()
	b.grpcServer.Stop()
	_ = b.grpcListener.Close()
	b.work.Wait()
	close(b.stopped)
}

// HTTPURL is the base of the HTTP endpoint, such as "http://127.0.0.1:4318",
// without a path and without a trailing slash.
func (b *Backend) HTTPURL() string {
	return "http://" + b.httpListener.Addr().String()
}

// GRPCAddr is the address of the gRPC endpoint, such as "127.0.0.1:4317". It
// speaks plain text, without TLS.
func (b *Backend) GRPCAddr() string {
	return b.grpcListener.Addr().String()
}

// OnlyPath makes every other path over HTTP answer 400 with the body
// "unsupported path requested", as VictoriaLogs does. The given path is then
// accepted whatever it ends in. An empty path lifts the restriction.
func (b *Backend) OnlyPath(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onlyPath = path
}

// enter admits a request unless the backend is stopping. The caller calls
// b.work.Done when it has handled an admitted one.
func (b *Backend) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.work.Add(1)
	return true
}

// listenLoopback listens on addr, or on an ephemeral port for an empty one.
func listenLoopback(t testing.TB, addr string) net.Listener {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := checkLoopback(addr); err != nil {
		t.Fatal(err)
	}
	var listener net.Listener
	var err error
	bound := poll(rebindTimeout, func() bool {
		listener, err = net.Listen("tcp", addr)
		return err == nil
	})
	if !bound {
		t.Fatalf("listen on %s: %v", addr, err)
	}
	return listener
}

// checkLoopback refuses addresses another machine could reach.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("split address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listen on %q: not a loopback address", addr)
	}
	return nil
}
