// SPDX-License-Identifier: Apache-2.0

// Package kubeapi is a small Kubernetes API server for tests. It keeps objects
// in memory and serves the read side of the API (get, list and watch) on a
// loopback port, over plain HTTP or HTTPS, well enough for client-go informers,
// typed clients and metadata clients that live in another process, such as the
// k8s_attributes processor of a collector under test. It misbehaves on cue, see
// fault.go, and tells what it was asked.
//
// It knows pods, namespaces and nodes of core/v1, replicasets, deployments,
// statefulsets and daemonsets of apps/v1, and jobs and cronjobs of batch/v1.
// Everybody is let in, unless SetTokens says otherwise, and may read
// everything. There is no admission, no defaulting and no garbage collection,
// and the API cannot be written to: tests change the cluster through the
// methods of Server.
package kubeapi

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// firstVersion is where resource versions start. It is not zero, because a
// resource version of 0 means "any state" to clients.
const firstVersion = 100

// closePatience is how long Start's cleanup lets answers finish.
const closePatience = time.Second

// Server is one fake cluster. All its methods may be called from any
// goroutine. A call that makes no sense, such as adding an object twice,
// marks the test as failed and changes nothing.
type Server struct {
	t    testing.TB
	http *httptest.Server

	mu          sync.Mutex
	version     uint64
	compacted   uint64 // Changes up to this version are forgotten.
	collections map[*resource]*collection
	changed     chan struct{} // Closed and replaced whenever version grows.
	outage      chan struct{} // Closed while the server is down.
	down        bool
	dropped     chan struct{} // Closed and replaced when watches are dropped.
	watches     int           // How many are open.
	tokens      []string
	faults      []*pendingFault
	faulted     int
	requests    []*Request
}

// Start runs a server on an ephemeral port of 127.0.0.1 that holds the given
// objects, and stops it at the end of the test. Stopping ends open watches at
// once and does not wait for clients to hang up.
func Start(t testing.TB, objects ...runtime.Object) *Server {
	t.Helper()
	return start(t, (*httptest.Server).Start, objects)
}

// StartTLS is Start over HTTPS and HTTP/2, as a real server speaks it. Clients
// learn to trust it from its kubeconfig files, or from CA.
func StartTLS(t testing.TB, objects ...runtime.Object) *Server {
	t.Helper()
	return start(t, func(server *httptest.Server) {
		server.EnableHTTP2 = true
		server.StartTLS()
	}, objects)
}

func start(t testing.TB, listen func(*httptest.Server), objects []runtime.Object) *Server {
	t.Helper()
	s := &Server{
		t:           t,
		version:     firstVersion,
		collections: make(map[*resource]*collection, len(resources)),
		changed:     make(chan struct{}),
		outage:      make(chan struct{}),
		dropped:     make(chan struct{}),
	}
	for i := range resources {
		s.collections[&resources[i]] = newCollection()
	}
	for _, object := range objects {
		s.Add(object)
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	// A client that distrusts the certificate says so itself.
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0)
	listen(s.http)
	t.Cleanup(func() {
		s.SetDown(true)
		// Close waits for the handlers. A client that has stopped reading would
		// hold one of them in a write for ever, so its connection is cut.
		cut := time.AfterFunc(closePatience, s.http.CloseClientConnections)
		defer cut.Stop()
		s.http.Close()
	})
	return s
}

// URL returns the base address of the server, such as http://127.0.0.1:41234,
// without a trailing slash.
func (s *Server) URL() string { return s.http.URL }

// Add creates a copy of the object and emits ADDED to watches. The copy gets
// the next resource version and, where the object has none, a UID and the
// present second as creation time.
func (s *Server) Add(object runtime.Object) { s.change(watch.Added, object) }

// Update replaces the object of the same kind, namespace and name with a copy
// of the given one and emits MODIFIED to watches, or ADDED or DELETED to those
// whose selectors match only one of the two states. UID and creation time are
// kept where the given object has none; its resource version is ignored, so
// there are no conflicts.
func (s *Server) Update(object runtime.Object) { s.change(watch.Modified, object) }

// Delete removes the object of the same kind, namespace and name and emits
// DELETED, with the last state it had here, to watches. There is no graceful
// deletion and objects owned by it stay.
func (s *Server) Delete(object runtime.Object) { s.change(watch.Deleted, object) }

func (s *Server) change(event watch.EventType, object runtime.Object) {
	s.t.Helper()
	res, copied, err := toStored(object)
	if err == nil {
		err = s.apply(event, res, copied)
	}
	if err != nil {
		s.t.Errorf("kubeapi: %s object: %v", event, err)
	}
}

// SetDown starts (true) or ends (false) an outage. During an outage every
// request is answered with 503 and no Retry-After; open watches end, and see
// none of the changes made after SetDown has returned. Objects and resource
// versions survive, so that a client may resume its watch afterwards.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if down == s.down {
		return
	}
	s.down = down
	if down {
		close(s.outage)
		return
	}
	s.outage = make(chan struct{})
}

// DropWatches ends every open watch as a broken connection does, without a
// last bookmark. Clients may open new ones at once.
func (s *Server) DropWatches() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.dropped)
	s.dropped = make(chan struct{})
}

// OpenWatches is the number of watches that are open.
func (s *Server) OpenWatches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches
}

// Compact forgets every change made so far: a watch that wants to resume before
// the last one is told, as its first event, that its resource version is gone.
// Open watches go on.
func (s *Server) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compacted = s.version
}

// Requests returns the requests for resources seen so far, oldest first,
// including those refused during an outage. Discovery is not recorded.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		all = append(all, *r)
	}
	return all
}
