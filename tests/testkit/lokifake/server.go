// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// SingleTenant is the tenant of every request when the server is not
// multi-tenant, as in Loki.
const SingleTenant = "fake"

// rebindTimeout bounds the wait for an address that is still taken. The kernel
// may have lent the port of a dead server to an outgoing connection meanwhile.
const rebindTimeout = 5 * time.Second

// Server is a Loki that only takes pushes. All methods may be called from
// several goroutines and after Stop.
type Server struct {
	listener net.Listener
	server   *http.Server
	options  Options
	limits   Limits

	// stopping is closed when Stop begins, stopped when it has finished.
	stopping chan struct{}
	stopped  chan struct{}
	work     sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	faults   []*pendingFault
	faulted  int
	blocked  map[string]block
	tenants  map[string]*tenant
	entries  []Entry
	requests []Request
	// changed is closed, and replaced, whenever entries or requests change.
	changed chan struct{}
}

// block is a tenant's pushing being forbidden for a time.
type block struct {
	until  time.Time
	status int
}

// Start listens on an ephemeral port of 127.0.0.1 and stops when the test ends.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	return StartAt(t, "", options)
}

// StartAt is Start with a given address, so that a stopped server can come back
// where its senders look for it. It takes what URL returns, with or without the
// scheme; an empty address means an ephemeral port. The new server starts empty.
func StartAt(t testing.TB, addr string, options Options) *Server {
	t.Helper()
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{
		listener: listen(t, strings.TrimPrefix(addr, "http://")),
		options:  options,
		limits:   options.Limits.withDefaults(),
		stopping: make(chan struct{}),
		stopped:  make(chan struct{}),
		blocked:  map[string]block{},
		tenants:  map[string]*tenant{},
		changed:  make(chan struct{}),
	}
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		ReadHeaderTimeout: time.Minute,
		// The server would report every sender that hangs up to the log of the
		// test process, where it is noise.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	// The loop ends only by Stop, and the error it returns then says just that.
	s.work.Go(func() { _ = s.server.Serve(s.listener) })
	t.Cleanup(s.Stop)
	return s
}

// URL is the base of the server, such as "http://127.0.0.1:3100", without a path
// and without a trailing slash.
func (s *Server) URL() string {
	return "http://" + s.listener.Addr().String()
}

// PushURL is the full address of the push endpoint.
func (s *Server) PushURL() string {
	return s.URL() + pushPath
}

// Stop closes the listener and every connection at once, as a crash would, and
// returns when no request is being handled any more. What was stored stays
// readable. Further calls wait for the first one and do nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		<-s.stopped
		return
	}
	close(s.stopping)
	// The listener is closed here too, for the case that Serve has not begun and
	// the server does not know it yet.
	_ = s.listener.Close()
	_ = s.server.Close()
	s.work.Wait()
	close(s.stopped)
}

// Block forbids a tenant to push until a time, as an administrator of Loki can.
// Its pushes are then answered with status, which is 260 unless configured
// otherwise in Loki; 200 drops them and answers as if they were stored. A time
// in the past lifts the block.
func (s *Server) Block(tenant string, until time.Time, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[tenant] = block{until: until, status: status}
}

// enter admits a request unless the server is stopping. The caller calls
// s.work.Done when it has handled an admitted one.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// listen listens on addr, or on an ephemeral port for an empty one.
func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := checkLoopback(addr); err != nil {
		t.Fatal(err)
	}
	var listener net.Listener
	testkit.Eventually(t, rebindTimeout, "the address "+addr+" to be free", func() bool {
		var err error
		listener, err = net.Listen("tcp", addr)
		return err == nil
	})
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
